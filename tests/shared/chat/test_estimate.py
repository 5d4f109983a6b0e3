import io

from PIL import Image

from shared.chat.estimate import estimate
from shared.chat.pictures import about_picture


def test_a_cost_worked_by_hand():
    """Prompts of 6 + 4 and of 11 characters are 21 / 4 → 6 tokens; two replies of at most 500
    are 1,000. At $2 and $10 a million: 6 × 2 / 1e6 + 1,000 × 10 / 1e6 = $0.010012."""
    conversations = [
        [{"role": "system", "content": "Short."}, {"role": "user", "content": "Who?"}],
        [{"role": "user", "content": "What a day!"}],
    ]
    cost = estimate(conversations, 500, (2.0, 10.0))
    assert (cost.calls, cost.prompt_tokens, cost.reply_tokens) == (2, 6, 1000)
    assert abs(cost.dollars - 0.010012) < 1e-12
    assert str(cost) == (
        "2 calls, about 6 prompt tokens (4 characters each), at most 1,000 reply tokens: "
        "at most $0.01"
    )


def test_without_prices_and_without_questions():
    assert str(estimate([], 500, None)).endswith("0 reply tokens: no prices given")
    assert estimate([], 500, (2.0, 10.0)).dollars == 0


def test_a_picture_counts_by_itself_and_not_by_the_length_of_its_file():
    """1,600 tokens, and 8 characters are 2."""
    file = io.BytesIO()
    Image.new("L", (9, 9)).save(file, "PNG")
    cost = estimate([[about_picture(file.getvalue(), "How big?")]], 10, None)
    assert cost.prompt_tokens == 1_602
