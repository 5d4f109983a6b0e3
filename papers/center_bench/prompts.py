"""What a model is told: the rules of the authors' system prompt, in our own words.

As there, no example is given, no reasoning is asked for, and a question does not say which type it
is of.
"""

from collections.abc import Mapping

from shared.chat.replies import Conversation

SYSTEM = """\
You answer questions about sentences with center-embedded clauses. Be precise. Questions are of \
six types, and each type has its own rules:
- action_performed: give only the verb, or the verb and the entity that it is done to, in the \
words of the sentence. Name that entity; do not put a pronoun such as "it" in its place.
- agent_identification: give only the entity, exactly as the sentence names it, and no verb.
- entity_count: give only a number, in digits, such as 2.
- nested_dependency: give only the verb and the entity that it is done to, in the words of the \
sentence. Name that entity; do not use a pronoun.
- causal_sequence: if nothing happened before, answer exactly: no prior events. Otherwise give \
subject, verb phrase and object in the words of the sentence.
- chain_consequence: if nothing follows from what the entity did, answer exactly: none.
For action_performed, nested_dependency and causal_sequence use only word forms that occur in the \
sentence: no synonyms, no paraphrase.
Reply with the short answer alone: no explanation, no added punctuation, no label such as \
"Answer:"."""


def conversation(question: Mapping, small: bool = False) -> Conversation:
    """A small reader has one task: it needs no instruction, and no labels."""
    if small:
        return [{"role": "user", "content": f"{question['sentence']}\n{question['question']}"}]
    return [
        {"role": "system", "content": SYSTEM},
        {
            "role": "user",
            "content": f"Sentence: {question['sentence']}\nQuestion: {question['question']}",
        },
    ]
