"""What every card says in the same words: what a model is for, what it must not be used for, and its limits."""

from __future__ import annotations

import textwrap

INTENDED_USE = """\
Reading English news and reports on armed conflict in bulk, so that people find the passages that matter: predictions
that annotators correct, search and filtering in archives, drafts of event records that an analyst checks against the
text, research on what is reported and how. A span says that a text mentions something. It does not say that it
happened.
"""

MISUSE = """\
Reports on war are about people, and some of those who read them wish those people harm. This model is not made for
what follows, and its makers ask that it is not used so.

- **Targeting.** Not to choose, locate or strike people or places, and not as a part of any system that does. A place
  that stands near a group's name is a mention. It is not a position.
- **Identifying people.** Do not join the spans with other data to find out who somebody is, where they live or whose
  side they are on: a village and a count of its dead can name a family. That holds for victims, witnesses, fighters and
  their relatives alike.
- **Propaganda and tallies.** Counts in news are claims, often by a party to the war: raised, hushed up, corrected,
  and repeated by others. One death stands in many articles, and sums of spans count it many times. Publish no such sum
  as a toll, and no count without its source and its day.
- **Counts as truth.** A count that the model marks may be what one side says, may be of another event, may be the
  sum of others beside it, and may be read wrongly. For what happened, go to organisations that verify each case.
- **Minors, and the dignity of victims.** Articles tell of children, of sexual violence, of the dead and how they died.
  Publish no name, picture or passage because this model found it, and follow the do-no-harm rules of your field.
- **Decisions without a reader.** No decision about people, sanctions, asylum, a prosecution, aid or a publication
  may rest on what the model says alone. A person reads the text first, and answers for the decision.
- **Regions and styles that it has not seen.** It errs more there, and it does not say so. See the data and the limits
  below, and score it on your own texts before you rely on it.
"""

LIMITS = """\
- It reads English. No other language was learned from or scored, and of regions and styles only those named under Data.
- It knows names from the texts of its corpus. New groups, renamed ones, and places that share a word with a group
  are read less well, and the world goes on after the last article.
- Spans are flat: of a name inside a name one is found, and who did what to whom is not told at all.
- Scores hold for the documents that they were measured on: read the intervals, not the third digit, and expect less
  on texts that are further from the corpus.
- It marks what a text says, true or not, and it does not tell a report from a quotation, a denial or a rumour.
"""

WIDGET = (
    "Rebels killed at least 12 soldiers near Idlib on Tuesday.",
    "Two people were wounded when a shell hit a market in Omdurman on 4 March, medics said.",
    "THREE SOLDIERS HURT IN CLASH WITH GUNMEN NEAR MARIB",
)
"""Invented sentences that the hub's page offers to try the model with; the first stands in the card's own code too."""

_WIDTH = 120


def paragraph(text: str) -> str:
    """Return a text as a paragraph of Markdown, in lines of a readable length."""
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def item(text: str) -> str:
    """Return a text as an item of a Markdown list, in lines of a readable length."""
    lines = textwrap.fill(
        " ".join(text.split()),
        _WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{lines}\n"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as "1 document" and "2 documents"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
