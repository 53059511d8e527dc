"""Labelling functions for CASUALTY_COUNT: a quantity of people, and the word near it that tells what befell them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from annotate.prelabel.weak.text import alternatives, matches, remember, word_list
from conflict_ner.documents import Span
from conflict_ner.sentences import sentences

LABEL = "CASUALTY_COUNT"
ATTRIBUTE = "casualty_type"

_SMALL = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen"
)
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_BIG = "hundred|thousand|million"
_ATOM = rf"(?:(?:{_TENS})(?:[- ](?:{_SMALL}))?|{_SMALL})"
_WORDS = (
    rf"(?:(?:{_ATOM}|a|half a|several|a few) (?:{_BIG})(?:(?: and)? {_ATOM}(?: (?:{_BIG})(?: and {_ATOM})?)?)?"
    rf"|half a dozen|a dozen|a couple of dozen|(?:{_ATOM}|several|many) dozen|a score|{_ATOM})"
)
_FIGURES = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?: (?:million|thousand|hundred))?"
_PLAIN = rf"(?:{_FIGURES}|{_WORDS})"
_VAGUE = (
    r"(?:tens of thousands|hundreds of thousands|(?:an|a) (?:unknown|unspecified|undisclosed"
    r"|undetermined) number|several hundred|several thousand|dozens|scores|hundreds|thousands|several|many)"
)
_BOUND = (
    r"(?:at least|at most|more than|less than|fewer than|not less than|not fewer than|no fewer than|no less than"
    r"|well over|just over|over|under|nearly|almost|about|around"
    r"|approximately|roughly|some|up to|as many as|upwards of|close to|estimated|perhaps|maybe|an average of"
    r"|as few as|well above|above)"
)
_TAIL = r"(?:-odd|[- ]something| or so| or more|\+| plus)?"
_QUANTITY = re.compile(
    rf"(?<![\w$£€₹.,:/#’'-])(?:(?:{_BOUND} )?between {_PLAIN} and {_PLAIN}"
    rf"|(?:{_BOUND} )?(?:{_PLAIN} (?:to|or) {_PLAIN}|{_FIGURES}[-–]{_FIGURES}|{_PLAIN}{_TAIL}|{_VAGUE})"
    r")(?![\w%:/]|[.,]\d|-(?:year|day|month|hour|week|minute|man|strong|mm|millimet|kilomet|km|point|member|storey"
    r"|round|foot|tonne|inch|acre|bed|vehicle|seat|ton\b)|(?:st|nd|rd|th)\b)",
    re.IGNORECASE,
)
_OPENINGS = frozenset(
    f"#|{_SMALL}|{_TENS}|a|an|half|several|many|tens|hundreds|dozens|scores|thousands|between|at|more|less|fewer|not"
    f"|no|well|just|over|under|nearly"
    "|almost|about|around|approximately|roughly|some|up|as|upwards|close|estimated|perhaps|maybe|above".split("|")
)
# Between a figure and what it counts, none of these stands.
_NO_NOUN = alternatives(word_list("uncounted"))
# What is counted when it is no people, or no casualty.
_THINGS = re.compile(
    r"\s*(?:%|per ?cent|percent|km\b|kilomet|miles?\b|met(?:re|er)s?\b|feet\b|square|hectares?|acres?|tonnes?"
    r"|tons?\b|kg\b|kilos?\b|litres?|barrels?\b|bags?\b|sacks?|dollars?|euros?|pounds?|rupees?|taka|naira|shillings?"
    r"|pesos?|francs?|ringgit|rials?|riyals?|dinars?"
    r"|years?\b|months?\b|weeks?\b|days?\b|hours?\b|minutes?\b|seconds?\b|nights?\b|times?\b|o['’]clock|a\.?m\.?\b"
    r"|p\.?m\.?\b|GMT|hrs"
    rf"|(?:(?!(?:{_NO_NOUN})\b)\w+[- ]){{0,2}}?(?:houses?|homes?|huts?|shops?|villages?|towns?|buildings?|vehicles?"
    rf"|cars?|trucks?|lorries|tanks?|boats?|motorcycles|motorbikes|bikes?|buses|pick-?ups?|helicopters?|planes?"
    rf"|aircraft|jets?|drones?|rockets?|shells?|rounds?|missiles?|bombs?|mines?\b|IEDs?|rifles?|guns\b|pistols?"
    rf"|weapons?|magazines?|cartridges|grenades?|mortars?|launchers?|machine[- ]guns?"
    r"|camps?\b|posts?\b|positions?|checkpoints?|bases?\b|districts?|provinces?|countries|states?\b|schools?"
    r"|churches|mosques?|hospitals?|bridges?|roads?\b|wells?\b|cattle|cows|goats|sheep|camels|animals|tents?"
    r"|attacks?|strikes?|air ?strikes|sorties|raids?|clashes|incidents?|operations?|explosions?|blasts?|ambush\w*"
    r"|battles?|offensives?"
    r"|families|households|battalions?|brigades?|divisions?|companies|units?|groups?|parties|seats?|votes?|goals?"
    r"|points?|wickets?|runs\b|games?|matches|charges?|counts?|others? (?:were|have been) displaced"
    r"|people (?:have )?(?:fled|displaced)|refugees|sites?|suspects?|targets?|locations?|places?|fronts?|sides?"
    r"|sources?|tunnels?|stolen|kinds|types|issues|points|pages|items?|bodyguards? of"
    r")\b)",
    re.IGNORECASE,
)
_BEFORE_NO = re.compile(
    r"(?:\b(?:No\.?|number|aged?|age|chapter|article|phase|page|version|channel|highway|route|point|battalion"
    r"|brigade|division|item|list|day|bulletin|resolution|section|part|group|room|block|sector|camp|unit|"
    r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\w*\.?)\s|[$£€₹]\s?|Rs\.? ?|\bby )$",
    re.IGNORECASE,
)
_AFTER_NO = re.compile(
    r"\s+(?:of )?(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)(?:[a-z]*)\b|\s+(?:Battalion|Brigade"
    r"|Division|Regiment|Rifles|Corps|Front|Infantry)|\s+in (?:the )?(?:morning|afternoon|evening)"
)

_KILLED = (
    r"killed|dead|died|dies|die|slain|massacred|executed|perished|beheaded|murdered|assassinated|gunned down"
    r"|shot dead|hacked to death|burn(?:t|ed) (?:to death|alive)|stabbed to death|beaten to death"
    r"|lost their lives|lost his life|lost her life|bodies|corpses|deaths|fatalities|martyred|eliminated"
    r"|neutrali[sz]ed|fell\b|succumbed|buried|lynched|hanged|slaughtered|drowned|crushed|blown up|shot and killed"
    r"|shot|guns down|perish|martyrs|graves|killing|kills?|death|bodybags|body bags|drowning"
)
_WOUNDED = (
    r"wounded|injured|hurt|maimed|injuries|casualties treated|wounding|injuring|injures|wounds|were treated"
    r"|was treated|being treated|admitted|hospitali[sz]ed|critical condition|shrapnel|burned|burnt|bruised"
)
_CAPTURED = (
    r"captured|abducted|kidnapped|taken hostage|taken captive|taken prisoner|hostages?|captives|prisoners of war"
    r"|abducting|kidnapping|capturing|seized|carried off|taken away|marched off|held captive"
    r"|surrendered|freed|released|ransomed|snatched|whisked away|prisoners|in captivity|abductees|rescued|led away"
    r"|dragged away|detained|held\b|escaped"
)
_MISSING = r"missing|unaccounted for|disappeared|vanished|have not been seen|not been heard from"
_UNSPECIFIED = (
    r"casualties|killed (?:and|or) (?:wounded|injured|captured)|dead (?:and|or) (?:wounded|injured)"
    r"|killed,? (?:wounded )?(?:and|or) (?:captured|wounded)|killed or hurt|killed and hurt"
)
_CUES = re.compile(
    rf"(?<![\w-])(?:(?P<unspecified>{_UNSPECIFIED})|(?P<killed>{_KILLED})|(?P<wounded>{_WOUNDED})"
    rf"|(?P<captured>{_CAPTURED})|(?P<missing>{_MISSING}))(?![\w-])",
    re.IGNORECASE,
)
# Behind a quantity: the counted people in a few words, a helping verb, and what befell them.
_VERB_BEFORE = re.compile(
    r"\b(?:killed|killing|kills?|wounded|wounding|injured|injuring|wounds|injures|hurt|abducted|abducting|kidnapped"
    r"|kidnapping|captured|capturing|executed|executing|massacred|murdered|murdering|beheaded|beheading|slaughtered"
    r"|shot dead|slain"
    r"|gunned down|guns down|shot|frees|frees|kidnaps|abducts|captures|executes|seizes|claims|seized|claimed|left"
    r"|leaving|lost|losing|freed|releasing|released|rescued|took|taking|held|holding|snatched|eliminated|neutralised"
    r"|neutralized|martyred|buried|hanged|recovered|found|counted|freeing|missing|dead|death of|deaths of|bodies of"
    r"|lives of|loss of|execution of|killing of|abduction of|kidnapping of|murder of)"
    r"(?: (?:a total of|another|a further|also|up|only|some of|on board|hostage|captive|prisoner|and (?:wounded"
    r"|wounding|injured|injuring)|or (?:wounded|injured)|(?:her|his|its|their)|all))?:? $",
    re.IGNORECASE,
)
_VERB_TYPES = (
    (
        "captured",
        re.compile(
            r"abduct|kidnap|captur|seiz|free|releas|rescu|took|taking|held|holding|snatch|freeing", re.IGNORECASE
        ),
    ),
    ("wounded", re.compile(r"wound|injur|hurt", re.IGNORECASE)),
    ("missing", re.compile(r"missing", re.IGNORECASE)),
)
_WEAK_VERBS = re.compile(
    r"\b(?:left|leaving|lost|losing|took|taking|held|holding|found|counted|recovered|seized|claimed|rescued|released"
    r"|freed)\b",
    re.IGNORECASE,
)
_TOLL = re.compile(
    r"\b(?:toll|total|number of (?:dead|deaths|casualties|victims|killed)|body count"
    r"|count of the dead)\b[^.;:!?\n]{0,40}?"
    r"\b(?:was|is|is now|stood at|stands at|stand at|rose to|rises to|risen to|climbs to|climbed to|to|at|reached"
    r"|reaches|had reached|of|as|up from|:)\s*$",
    re.IGNORECASE,
)
_SUBSET = re.compile(
    r"(?:\b(?:including|among them|among whom were|including at least|of whom|of them|including the|amongst them"
    r"|mostly|they included|included|and)\s+)$",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"\s+(?:of (?:them|whom|the (?:dead|wounded|injured|victims|captives|hostages|missing|bodies))"
    r"|(?:[\w-]+ ){0,2}?(?:children|women|girls|boys|civilians|minors|infants|babies|policemen|soldiers|officers|men"
    r"|teachers|nurses|elders|students|pupils|journalists|villagers|workers))\b"
)
_ASIDE = re.compile(r"(?: [\w'’-]+){1,5},[^,.;:\n]{3,60}, ")
_JOINT = re.compile(
    r"(?: (?!(?:were|was|and|in|at|on|who|when|of|with|are|had|have|from)\b)[\w'’()-]+){1,5}?(?:,| and"
    r"|, and) (?:another |a further |also )?"
)
_ARTICLE_BEFORE = re.compile(
    r"(?<!\w)([Aa]n?) (?:(?!(?:were|was|when|who|in|at|on|of|with|total|further|town|village)\b)[\w'’-]+ ){1,4}and $"
)
_ARTICLE_AFTER = re.compile(
    r"(?: (?!(?:were|was|and|when|who|in|at|on|of|with)\b)[\w'’-]+){1,4}(?: and|,) (an?) (?!total|further|number|few"
    r"|bomb|car|truck|house|vehicle|dozen|hundred|thousand|couple|score|third|fourth|fifth)\w"
)
_CUT = re.compile(r"[.;:!?\n“”\"()]|\s[-–—]+\s")


@dataclass(frozen=True)
class _Quantity:
    """A number of something, and what surrounds it in its sentence.

    Attributes:
        start: index of its first character.
        end: index after its last character.
        before: the end of what stands before it in its sentence.
        after: what stands behind it in its sentence.
        clause: of `after`, what stands before the clause's end or another quantity.
    """

    start: int
    end: int
    before: str
    after: str
    clause: str


@lru_cache(maxsize=4)
def _quantities(text: str) -> tuple[_Quantity, ...]:
    """Return a text's quantities that may be of people."""
    found: list[_Quantity] = []
    every = [match.span() for match in matches(_QUANTITY, text, _OPENINGS)]
    for first, last in sentences(text):
        own = [span for span in every if first <= span[0] < last]
        for number, (start, end) in enumerate(own):
            limit = own[number + 1][0] if number + 1 < len(own) else last
            before, after = text[max(first, start - 90) : start], text[end:last]
            nearby = text[end:limit]
            surface = text[start:end]
            if _BEFORE_NO.search(before[-16:]) or _AFTER_NO.match(after) or _THINGS.match(after):
                continue
            if re.fullmatch(r"(?:1[5-9]\d\d|20\d\d)", surface) and not re.match(
                r"\s+(?:\w+\s+)?(?:people|civilians|killed|dead|soldiers|wounded|prisoners|deaths|others)", nearby
            ):
                continue
            if surface.lower() == "zero" or surface == "0":
                continue
            cut = _CUT.search(nearby)
            found.append(_Quantity(start, end, before, after, nearby[: cut.start()] if cut else nearby))
    return tuple(found)


def _span(quantity: _Quantity, kind: str) -> Span:
    return Span(start=quantity.start, end=quantity.end, label=LABEL, attributes={ATTRIBUTE: kind})


def _kind(match: re.Match[str]) -> str:
    return next(name for name in ("unspecified", "killed", "wounded", "captured", "missing") if match[name])


_WORD = re.compile(r"\S+")


def _first_words(text: str, count: int) -> str:
    """Return the first words of a text."""
    for number, match in enumerate(_WORD.finditer(text), start=1):
        if number == count:
            return text[: match.end()]
    return text


@remember
def counts_before_verbs(text: str) -> Iterator[Span]:
    """A quantity of people of whom a few words on it is told what befell them: `At least 20 people were killed`."""
    for quantity in _quantities(text):
        clause = _first_words(quantity.clause, 12)
        cue = _CUES.search(clause)
        if cue is None or not cue.start() or not clause[: cue.start()].strip():
            continue
        between = clause[: cue.start()]
        if "," in between and not re.search(r",[^,]*,", between):
            continue
        if re.search(
            r"\b(?:and|but|while|after|when|as|that|where|before)\b(?! (?:was|were|later|then))", between
        ) or re.fullmatch(
            r"killing|kills?|wounding|injuring|death|wounds|prisoners|held|fell|escaped|detained|hostages?|admitted",
            cue[0],
            re.IGNORECASE,
        ):
            continue
        yield _span(quantity, _kind(cue))


@remember
def counts_before_states(text: str) -> Iterator[Span]:
    """A quantity directly before what it counts: `15 dead`, `three bodies`, `40 hostages`, `12 casualties`."""
    for quantity in _quantities(text):
        match = re.match(
            r"\s+(?:(?:more|other|others|were|was|are|have|had|been|people|persons|civilians|charred|seriously"
            r"|critically|badly|confirmed|reported|civilian|fresh|new|remaining|male|female|unidentified|Israeli"
            r"|foreign) ){0,2}",
            quantity.after,
        )
        if match is None:
            continue
        cue = _CUES.match(quantity.after, match.end())
        if cue is not None and not re.fullmatch(
            r"killing|kills?|death|wounding|injuring|wounds|fell|die|held|escaped|detained", cue[0], re.IGNORECASE
        ):
            yield _span(quantity, _kind(cue))


@remember
def counts_after_verbs(text: str) -> Iterator[Span]:
    """A quantity directly behind a verb of violence: `killing 12`, `wounded at least 30`, `abducted five`."""
    for quantity in _quantities(text):
        verb = _VERB_BEFORE.search(quantity.before[-48:])
        if verb is None or _WEAK_VERBS.search(verb[0]):
            continue
        kind = next((name for name, pattern in _VERB_TYPES if pattern.search(verb[0])), "killed")
        if re.search(r"killed (?:and|or) (?:wounded|injured)", verb[0], re.IGNORECASE):
            kind = "unspecified"
        yield _span(quantity, kind)


@remember
def counts_after_weak_verbs(text: str) -> Iterator[Span]:
    """A quantity behind `left`, `lost`, `took`, `found`, `claimed`, where a word behind it tells what befell them."""
    for quantity in _quantities(text):
        verb = _VERB_BEFORE.search(quantity.before[-48:])
        if verb is None or not _WEAK_VERBS.search(verb[0]):
            continue
        clause = _first_words(quantity.clause, 6)
        cue = _CUES.search(clause)
        if cue is not None:
            yield _span(quantity, _kind(cue))
        elif re.search(r"\bclaim|\blos", verb[0]) and re.match(
            r"\s+(?:\w+ )?(?:lives|men|soldiers|fighters|troops|people|dead)\b", clause
        ):
            yield _span(quantity, "killed")
        elif re.search(r"\b(?:freed|released|rescued|seized|took|taking)\b", verb[0]) and re.match(
            r"\s+(?:\w+ )?(?:people|hostages|captives|women|girls|children|boys|students|villagers|pupils|passengers"
            r"|men|persons|civilians)\b",
            clause,
        ):
            yield _span(quantity, "captured")


@remember
def counts_in_tolls(text: str) -> Iterator[Span]:
    """The figure of a toll: `the death toll since Tuesday was 117`, `the number of dead rose to 40`."""
    for quantity in _quantities(text):
        if _TOLL.search(quantity.before):
            wounded = re.search(r"\b(?:wounded|injured)\b", quantity.before[-60:])
            yield _span(quantity, "wounded" if wounded else "killed")


def counts_around_asides(text: str) -> Iterator[Span]:
    """A quantity parted from its verb by an aside: `Nine people, seven of them policemen, were killed`."""
    for quantity in _quantities(text):
        aside = _ASIDE.match(quantity.after)
        if aside is not None:
            cue = _CUES.search(_first_words(quantity.after[aside.end() :], 6))
            if cue is not None:
                yield _span(quantity, _kind(cue))


def counts_of_subsets(text: str) -> Iterator[Span]:
    """A part of a counted whole, which shares its fate: `five villagers were killed, including three women`."""
    first = {span.start: span for span in _known(text)}
    previous: Span | None = None
    for quantity in _quantities(text):
        if quantity.start in first:
            previous = first[quantity.start]
            continue
        if (
            previous is None
            or quantity.start - previous.end > 160
            or text.find("\n", previous.end, quantity.start) >= 0
        ):
            previous = None
            continue
        inner = text[previous.end : quantity.start]
        named = _SUBSET.search(inner[-24:])
        listed = named or inner.rstrip().endswith((",", "("))
        if (
            (named and re.match(r" [a-z-]+", quantity.after))
            or (listed and _PARTS.match(quantity.after))
            or re.match(r"\s+of (?:them|whom)\b", quantity.after)
        ):
            yield _span(quantity, previous.attributes[ATTRIBUTE])


def counts_coordinated(text: str) -> Iterator[Span]:
    """A quantity joined with one whose fate is told, `a` included: `three soldiers and a villager were killed`."""
    known = {span.start: span for span in _known(text)}
    every = {quantity.start: quantity for quantity in _quantities(text)}
    found: dict[int, Span] = dict(known)
    rightwards = list(itertools.pairwise(sorted(every)))
    for one, other in (*rightwards, *((other, one) for one, other in reversed(rightwards))):
        if one in found and other not in found:
            left, right = min(one, other), max(one, other)
            if _JOINT.fullmatch(text, every[left].end, right):
                found[other] = _span(every[other], found[one].attributes[ATTRIBUTE])
                yield found[other]
    for start, span in sorted(found.items()):
        for article in (
            _ARTICLE_BEFORE.search(text, max(0, start - 60), start),
            _ARTICLE_AFTER.match(text, every[start].end),
        ):
            if article is not None and not _CUES.search(article[0]):
                kind = span.attributes[ATTRIBUTE]
                yield Span(start=article.start(1), end=article.end(1), label=LABEL, attributes={ATTRIBUTE: kind})


@remember
def _known(text: str) -> Iterator[Span]:
    """Yield the quantities whose own clause tells their fate."""
    for function in _DIRECT:
        yield from function(text)


_DIRECT = (
    counts_before_verbs,
    counts_before_states,
    counts_after_verbs,
    counts_after_weak_verbs,
    counts_in_tolls,
    counts_around_asides,
)
FUNCTIONS = (*_DIRECT, counts_of_subsets, counts_coordinated)
