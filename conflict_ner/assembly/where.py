"""Where: which of the places around a count an event happened in.

The most specific place that stands as a place (`in Idlib`, `captured Raqqa`) and not as a source, an origin or a
direction (`a spokesman in Geneva said`, `soldiers from Ghana`, `towards Damascus`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from conflict_ner.assembly.clauses import Clause
from conflict_ner.assembly.words import word_set
from conflict_ner.facts import Place, PlaceFact
from conflict_ner.normalise.spelling import fold

# How well a place stands for the event, from its kind: a point before an area.
_SPECIFIC = {"country": 0.0, "region": 0.5, "adm1": 1.0, "physical": 1.2, "adm2": 1.5, "site": 2.0, "settlement": 2.0}
_UNLINKED = 2.0
_AREA = re.compile(
    r"\b(?:province|governorate|region|state|county|department|oblast|district)\b|^(?:northern|southern|eastern|western"
    r"|central)\b",
    re.IGNORECASE,
)
_SITE = re.compile(
    r"\b(?:hospitals?|clinic|medical|institute|morgue|mosque|church|temple|school|college|university|market|bazaar|hotel"
    r"|airport|station|stadium|square|building|palace|prison|compound|barracks|base|street|road|junction|bridge|hall|quarters)\b",
    re.IGNORECASE,
)
_HOSPITAL = re.compile(r"\b(?:hospitals?|clinic|medical|morgue)\b", re.IGNORECASE)
_PHYSICAL = re.compile(
    r"\b(?:river|lake|sea|gulf|mountains?|valley|desert|forest|strait|basin|coast|reservoir)\b", re.IGNORECASE
)
_BORDER = re.compile(r"\b(?:borders?|frontier|line of control)$", re.IGNORECASE)
_KIND = re.compile(r"an? (physical|site|region)\b")
_WEAK = 3.0  # a fit no better than that of a name behind `of`
LEAST = 1.3  # of a place that may be the event's

_TYPES = word_set(
    "city cities town towns village villages district districts province provinces region area suburb suburbs"
    " neighborhood"
    " neighbourhood neighborhoods neighbourhoods camp port capital stronghold base island county outskirts enclave"
    " municipality department state airport hamlet crossing border quarter quarters street streets part parts position"
    " positions market markets headquarters edge edges heart centre center gates locality localities"
)
_FILLERS = word_set(
    "the a an its their his both old ancient mainly central"
    " downtown neighbouring neighboring nearby rural northern southern"
    " eastern"
    " western northeastern northwestern southeastern southwestern north-eastern north-western south-eastern"
    " south-western government-held rebel-held besieged most much all"
)
_IN = word_set(
    "in at near nearby outside around inside behind beside by on off across along over above between within into"
    " through"
    " throughout against via north south east west northeast northwest southeast southwest reached"
)
_AWAY = word_set("from to toward towards for with than like visit visited visiting links linking borders since and")
_STEMS = (
    *(
        "attack",
        "raid",
        "captur",
        "seiz",
        "storm",
        "bomb",
        "shell",
        "enter",
        "overran",
        "overrun",
        "recaptur",
        "retook",
    ),
    *("retak", "taken", "took", "taking", "occup", "besieg", "pound", "hit", "struck", "strik", "target", "mortar"),
    *("destroy", "held", "lost", "feeding", "massacre", "loss", "fall", "siege", "battle", "control"),
    *("fire", "firing", "invad"),
)
_BEHIND_STEM = word_set("of on for at down up over")
# `attacked from Anet towards Agok`
_ADVANCED = re.compile(r"\b(?:attack|advanc|push|march|thrust)\w*\b[^.;]{0,40}\btowards? (?:the )?$", re.IGNORECASE)
_ROADS = word_set("road highway way track route path")
_REPORTS = word_set(
    "office ministry source sources agency court parliament observers monitors"
    " said says told tells telling spoke speaking interview interviewed reporter reporters"
    " correspondent correspondents newsroom briefing conference"
    " radio television statement based telephoned tweeted summit talks treaty meeting exile plan accord deal minister"
    " spokesman spokeswoman spokesperson embassy official officials diplomats diplomat analysts analyst mission"
)
_SAID_IN = word_set("in at from for of near")
_HAPPENED = word_set("died dead killed wounded captured seized hurt attacked shot bombed were was had exploded")
_REPORT_REACH = 5  # words
_HOSPITAL_REACH = 7  # words
_TYPE_REACH = 3  # words before `town of`
# `drove the rebels from Hotqol`: where they were driven from is the place.
_DRIVEN = re.compile(
    r"\b(?:(?:drove|driven|driving) (?:the|them|out|back|away|\w+s out)|pushed|pushing"
    r"|expelled|ousted|cleared|evicted|withdr[ae]w\w*|retreated|flushed|fled|escaped|displaced|uprooted"
    r"|walked (?:in|out|down|over))\b"
    r"[^.;:\n]{0,50}\bfrom\b",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"['’]?s? (?:\w+ )?(?:said|says|say|announced|announces|accused|accuses|denie[sd]|wants|called|claim(?:s|ed)"
    r"|asked|condemned"
    r"|warned|insists|believes|hopes|promised|blamed|urged|will|ha(?:s|d|ve) (?:confirmed|\d|one|two|three|four"
    r"|five|six|seven|eight|nine|ten|eleven|asked|said|promised|called|denied"
    r"|condemned|accused|warned)|made calls|put|agreed|led|did|would)\b|-(?:based|backed|led|born|trained"
    r"|sponsored|held)\b"
    r"|['’]s? (?:\w+ )?(?:foreign|defen[cs]e|prime|interior|president|minister|government|radio|television|army"
    r"|ambassador)"
    r"|,? \w+, said\b",
)
# `Idlib falls`, `Taloqan has changed hands`, `Avnevi mortared`.
_SUFFERS = re.compile(
    r"(?: has| had| have| was| were| is)?(?: been)? (?:changed hands|fall(?:s|en)?|fell|captured|seized|taken"
    r"|overrun|shelled"
    r"|bombed|mortared|attacked|raided|stormed|recaptured|retaken|hit|struck|besieged|ambushed|lost)\b",
    re.IGNORECASE,
)
# `69 wounded had reached Komsomolske`, `were taken to a clinic in Dori`: where they were brought is not where it was.
_CARED_FOR = re.compile(
    r"\b(?:wounded|injured|hurt|survivors|bodies|corpses|remains|casualties)\b[^.;]{0,20}\b(?:reached|arrived)\b[^.;]{0,30}$"
    r"|\b(?:taken|brought|flown|moved|evacuated|airlifted|transferred|rushed|carried|admitted|referred|treated|recovering)"
    r" (?:\w+ )?(?:to|in|at)\b[^.;]{0,30}$|\btreated\b[^.;]{0,40} (?:at|in) (?:the )?$",
    re.IGNORECASE,
)
_OF_PART = re.compile(r" of (?:them|whom|those) (?:\w+ ){0,2}(?:in|at|near|on|from) (?:the )?", re.IGNORECASE)
_LISTED = re.compile(
    r",? (?:and|or|&) |, |/| [–-] |[–-]| \(|,? (?:in|on|near|outside|(?:north|south|east|west)\w* of) (?:the )?",
    re.IGNORECASE,
)
_PARTS = word_set("town city village hamlet camp hall area outskirts")
_WITHIN = re.compile(r",? (?:in|of) (?:the )?", re.IGNORECASE)
_BEFORE = 60


def fit(clause: Clause, fact: PlaceFact, before: PlaceFact | None, score_before: float) -> float:
    """Return how well a place of a clause fits as the place of what the clause tells; LEAST or more may be it.

    Args:
        clause: where it stands.
        fact: the place.
        before: the place told before it in the clause, and how well that one fits.
    """
    if clause.in_dateline(fact):
        return LEAST + 0.1 + 0.1 * specific(fact)
    if _is_of_part(clause, fact):
        return specific(fact) - 3
    own = _own_fit(clause, fact)
    if before is not None and before.span.end >= clause.dateline_end:
        between = clause.text[before.span.end : fact.span.start]
        if _WITHIN.fullmatch(between) and score_before >= LEAST and specific(before) >= specific(fact):
            # `the Samed building in Nahr al-Bared camp`: the map knows the camp; else the smaller place is meant.
            return score_before + (0.4 if is_point_within(before) and specific(fact) == _UNLINKED else -0.5)
        if _LISTED.fullmatch(between):
            # `in Tame, Fortul and Saravena`, `Hotqol in Ghazni`: what comes first is meant, or the smaller one.
            gain = specific(fact) - specific(before)
            listed = score_before + (gain if gain < 0 or _is_physical(before) else 0) - 0.05
            return max(own, listed) if score_before <= _WEAK else listed
    return own


def _is_of_part(clause: Clause, fact: PlaceFact) -> bool:
    """Tell whether a place stands just behind a part of those counted: `eleven died, three of them in Mugunga`."""
    parts = [one for one in clause.counts if one.subset and one.span.end <= fact.span.start]
    wholes = [one for one in clause.counts if not one.subset and one.span.end <= fact.span.start]
    return bool(parts and wholes) and _OF_PART.fullmatch(clause.text[parts[-1].span.end : fact.span.start]) is not None


def _own_fit(clause: Clause, fact: PlaceFact) -> float:
    """Return how well a place fits by the words around it."""
    text, start, end = clause.text, fact.span.start, fact.span.end
    low = max(clause.dateline_end, start - _BEFORE)
    score = specific(fact)
    prefix = text[low:start]
    lead, typed, words = _lead(prefix)
    placed = lead in _IN
    if _is_reported(lead, words):
        return score - 5
    if _CARED_FOR.search(prefix):
        return score - 4
    if _SPEAKS.match(text, end):
        # `farmers in Zalambessa say` tell of their own place, `Washington says` does not.
        return score if placed else score - 5
    if lead in _AWAY and _ADVANCED.search(prefix):
        return score + 2.0
    score += _relation(lead, typed, words, text[low:start])
    if (lead is None or not _is_lead(lead)) and _SUFFERS.match(text, end):
        score += 2.0
    elif lead is None and not prefix.strip(" \"“'‘([0123456789.:—–-•*"):
        score += {":": 2.2, ",": 1.5, ".": 1.5}.get(text[end : end + 1], 1.0)
    if lead is None and prefix.rstrip(" ").endswith(",") and text[end : end + 1] in (",", "."):
        # `air strike, Golis mountains, three killed`
        score += 0.5
    return score


def _lead(prefix: str) -> tuple[str | None, bool, list[str]]:
    """Return the word that leads to a place, over articles and `town of`; whether such a type word stands between;
    and the words up to the leading one."""
    words = prefix.lower().split()
    if not words or prefix[-1:] not in " \n\"“'‘(":
        return None, False, []
    typed = False
    while words:
        word = words[-1]
        if word in _FILLERS:
            words.pop()
        elif word == "of" and len(words) > 1 and words[-2] in _TYPES:
            del words[-2:]
            typed = True
        elif word in _TYPES:
            words.pop()
            typed = True
        else:
            break
    if typed:
        # `the strategic town of Idlib`, `in the mainly Kurdish town of Kobani`.
        for away in range(1, min(_TYPE_REACH, len(words) - 1) + 1):
            if _is_lead(words[-1]):
                break
            if _is_lead(words[-1 - away]):
                del words[-away:]
                break
    if not words or not words[-1].isalpha():
        return None, typed, words
    return words[-1], typed, words


def _is_lead(word: str) -> bool:
    return word in _IN or word in _AWAY or word == "of" or word.startswith(_STEMS)


def _relation(lead: str | None, typed: bool, words: Sequence[str], prefix: str) -> float:
    """Return how much the word before a place speaks for, or against, its being the place of an act."""
    if lead is None:
        return 0.0
    before = words[-2] if len(words) > 1 else ""
    if lead in _BEHIND_STEM and before.startswith(_STEMS):
        return 2.2
    if lead.startswith(_STEMS):
        return 2.2
    if lead == "to" and before in ("close", "next", "siege", "adjacent"):
        return 2.0
    if lead in _IN and "to" in words[-_HOSPITAL_REACH:] and "hospital" in words[-_HOSPITAL_REACH:]:
        # `moved to the hospital in Dori`
        return -4.0
    if lead in _IN:
        return 2.0
    if lead == "from" and _DRIVEN.search(prefix):
        # Where they were driven from is the place.
        return 1.5
    if lead == "to" and before in _ROADS:
        # `a truck on the road to Huanta`
        return 2.0
    if lead in _AWAY:
        return 0.0 if lead == "and" else -4.0
    return (2.0 if typed else 1.0) if lead == "of" else 0.0


def _is_reported(lead: str | None, words: Sequence[str]) -> bool:
    """Tell whether a place is where something was said: `told reporters in`, but not `said 12 died in`."""
    if lead not in _SAID_IN:
        return False
    for word in reversed(words[-1 - _REPORT_REACH : -1]):
        bare = word.strip(',“”"')
        if bare in _REPORTS:
            return True
        if bare in _HAPPENED or word[-1] in ".;:":
            return False
    return False


def specific(fact: PlaceFact) -> float:
    """Return how small a place is: 0 for a country, 2 for a settlement or a site."""
    place = fact.place
    if place is not None:
        return _SPECIFIC[place.kind]
    if _BORDER.search(fact.surface):
        return _SPECIFIC["adm1"]
    why = fact.why or ""
    kind = _KIND.match(why)
    if kind and not fact.surface.endswith(" area") and "sland" not in fact.surface:
        return _SPECIFIC[kind[1]]
    if "several places are as likely" in why:
        return _SPECIFIC["settlement"] if "settlement" in why else _SPECIFIC["adm1"]
    if fact.surface.endswith(" area"):
        return _SPECIFIC["adm2"]
    if "region" in why or _AREA.search(fact.surface):
        return _SPECIFIC["adm2"] if "istrict" in fact.surface else _SPECIFIC["region"]
    if _PHYSICAL.search(fact.surface):
        return _SPECIFIC["physical"]
    return _UNLINKED


def _is_physical(fact: PlaceFact) -> bool:
    return specific(fact) == _SPECIFIC["physical"]


def candidates(clause: Clause) -> list[tuple[float, PlaceFact]]:
    """Return the places of a clause with how well each fits, in the order of the text."""
    if clause.scored is None:
        clause.scored = _candidates(clause)
    return clause.scored


def _candidates(clause: Clause) -> list[tuple[float, PlaceFact]]:
    found: list[tuple[float, PlaceFact]] = []
    before, score = None, 0.0
    for fact in clause.places:
        score = fit(clause, fact, before, score)
        before = fact
        found.append((score, fact))
    return found


def best(scored: Iterable[tuple[float, PlaceFact]]) -> PlaceFact | None:
    """Return the place that fits best, the first of those that fit as well; None where none may be it."""
    chosen, most = None, LEAST
    for score, fact in scored:
        if score > most:
            chosen, most = fact, score
    return chosen


def is_hospital(fact: PlaceFact) -> bool:
    """Tell whether a mention is of a hospital."""
    return _HOSPITAL.search(fact.surface) is not None


def is_point_within(fact: PlaceFact) -> bool:
    """Tell whether a mention is of a mosque, a hospital or the like, which lies in a place told before."""
    return fact.place is None and _SITE.search(fact.surface) is not None


def same(one: PlaceFact, other: PlaceFact) -> bool:
    """Tell whether two mentions are of one place."""
    if one.place is not None and other.place is not None:
        return one.place.id == other.place.id
    if one.surface == other.surface:
        return True
    # `Butig hall` and `Butig`
    return fold(bare(one)) == fold(bare(other))


def bare(fact: PlaceFact) -> str:
    """Return the name of a place that is not linked without `town`, `hall` and the like behind it."""
    name, _, kind = fact.surface.rpartition(" ")
    return name if fact.place is None and name and kind in _PARTS else fact.surface


def holds(outer: PlaceFact, inner: PlaceFact) -> bool:
    """Tell whether one place lies in the other by the gazetteer."""
    return outer.place is not None and inner.place is not None and _lies_in(inner.place, outer.place)


def _lies_in(inner: Place, outer: Place) -> bool:
    if inner.id == outer.id or inner.country != outer.country:
        return False
    if outer.kind == "country":
        return True
    if outer.kind == "adm1":
        return inner.kind not in {"country", "adm1"} and inner.adm1 == outer.name
    return outer.kind == "adm2" and inner.kind not in ("country", "adm1", "adm2") and inner.adm2 == outer.name
