from shared.training.examples import IGNORED, Segment, from_segments, pack


def test_only_learnt_segments_have_labels(tiny_tokenizer):
    segments = [Segment("ab", False), Segment("c.", True), Segment("??", False), Segment("d", True)]
    made = from_segments(tiny_tokenizer, segments, eos=True)
    text = tiny_tokenizer("abc.??d")["input_ids"]
    assert made["input_ids"] == [*text, tiny_tokenizer.eos_token_id]
    skip = IGNORED
    learnt = [skip, skip, *text[2:4], skip, skip, text[6], tiny_tokenizer.eos_token_id]
    assert made["labels"] == learnt


def test_the_first_token_is_never_a_label(tiny_tokenizer):
    made = from_segments(tiny_tokenizer, [Segment("abc", True)])
    assert made["labels"][0] == IGNORED and IGNORED not in made["labels"][1:]
    begun = from_segments(tiny_tokenizer, [Segment("abc", True)], bos=True)
    assert begun["labels"] == [IGNORED, *begun["input_ids"][1:]]


def test_a_long_text_loses_its_beginning(tiny_tokenizer):
    made = from_segments(
        tiny_tokenizer, [Segment("abcdef", False), Segment("gh", True)], max_length=4
    )
    assert tiny_tokenizer.decode(made["input_ids"]) == "efgh"
    assert [label != IGNORED for label in made["labels"]] == [False, False, True, True]


def test_packing_cuts_everything_into_blocks_and_drops_the_rest():
    """3 + 4 + 4 = 11 tokens in blocks of 4: two blocks, three tokens lost; all is learnt."""
    examples = [{"input_ids": ids} for ids in ([1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11])]
    assert pack(examples, 4) == [
        {"input_ids": [1, 2, 3, 4], "labels": [IGNORED, 2, 3, 4]},
        {"input_ids": [5, 6, 7, 8], "labels": [IGNORED, 6, 7, 8]},
    ]
