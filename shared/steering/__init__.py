"""Reading the hidden states of a decoder and adding vectors to them while it runs.

    states = last_token_states(model, prompts)              # (prompts, layers + 1, hidden)
    v = mean_difference(states[first].numpy(), states[second].numpy())
    vectors = {l: torch.tensor(v[l + 1]) for l in range(layers - 1)}  # output of block l
    with steered(model, vectors, strength=-0.1):
        ...                                                 # anything that runs the model

`blocks` finds the blocks of any decoder, `states` reads, `vectors` makes vectors from two sets of
states and keeps them in files, `steered` adds them.
"""
