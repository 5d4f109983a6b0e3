"""The eight ways to unlearn, as sums of loss terms, with the weights of each protocol.

Streams: `forget`, the harmful answer to the forbidden picture; `refuse`, a refusal in its place;
`retain`, harmless questions on forbidden pictures; `decouple`, the request of the same item on a
benign picture, with its normal answer.

`official` has the weights of the released code: the prompt-decouple (PD) term weighs 0.5 beside GA
and GD and 1.0 beside KL and PO, GD's retain term is then halved as well, KL is taken over every
position, and PO joins refusal and retain tokens to one mean. `corrected` weighs all terms alike and
takes KL where an answer is.
"""

from shared.losses.unlearning import Term, ascent, descent, divergence, joint_descent

FORGET = Term(1.0, ascent, ("forget",))


def _term(weight: float, stream: str) -> Term:
    return Term(weight, descent, (stream,))


def _held(everywhere: bool) -> Term:
    return Term(1.0, divergence, ("retain",), everywhere=everywhere, reference=True)


JOINT = Term(1.0, joint_descent, ("refuse", "retain"))

RECIPES: dict[str, dict[str, tuple[Term, ...]]] = {
    "official": {
        "ga": (FORGET,),
        "ga+pd": (FORGET, _term(0.5, "decouple")),
        "gd": (FORGET, _term(1.0, "retain")),
        "gd+pd": (FORGET, _term(0.5, "retain"), _term(0.5, "decouple")),
        "kl": (FORGET, _held(everywhere=True)),
        "kl+pd": (FORGET, _held(everywhere=True), _term(1.0, "decouple")),
        "po": (JOINT,),
        "po+pd": (JOINT, _term(1.0, "decouple")),
    },
    "corrected": {
        "ga": (FORGET,),
        "ga+pd": (FORGET, _term(1.0, "decouple")),
        "gd": (FORGET, _term(1.0, "retain")),
        "gd+pd": (FORGET, _term(1.0, "retain"), _term(1.0, "decouple")),
        "kl": (FORGET, _held(everywhere=False)),
        "kl+pd": (FORGET, _held(everywhere=False), _term(1.0, "decouple")),
        "po": (_term(1.0, "refuse"), _term(1.0, "retain")),
        "po+pd": (_term(1.0, "refuse"), _term(1.0, "retain"), _term(1.0, "decouple")),
    },
}
