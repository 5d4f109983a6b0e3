"""Names of test sets. The paper has an attack where most have a data set."""

NONE = "None"
HOUSE = "House rules"
FACTS = "Facts"
BENIGN, ADVERSARIAL_BENIGN = f"{HOUSE}, benign", f"{HOUSE}, adversarial benign"
BENCHMARKS = {"xstest": "XSTest", "oktest": "OKTest"}
PREFILLING = "+Prefilling"

# Tables 9, 13, 14, 16, 17, 19 and Figure 4 are about these. The prompts of PAIR-GPT are not public,
# so our mean is of the other three.
FOUR = (NONE, "PAIR-GPT", "PAP", "DeepInception")
UNSEEN = ("Role-play", "Prefix injection")  # of this project, in nobody's training data
AVERAGE, AVERAGE_OF_3, BENIGN_AVERAGE = "All attacks", "Three attacks", "All benign"
WHOLE_HARMFUL, WHOLE_PLAIN = "Whole replies, harmful", "Whole replies, plain"  # Table 6


def harmful_set(attack: str, public: bool) -> str:
    """The harmful prompts under an attack: for a public set as the tables have them."""
    return attack if public else f"{HOUSE}, {attack}"


def size_name(method: str, size: int | None) -> str:
    """A size of the training data, where Figure 4 has its own."""
    return f"{size} samples" if size else f"all samples ({method})"
