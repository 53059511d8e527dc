"""The words that tell of an armed act, and those around a fact that tell whether it belongs to one."""

from __future__ import annotations

import re
from typing import Literal


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(words.split())


Act = Literal["fight", "bomb", "take", "kill", "abduct"]

_ACTS: dict[Act, str] = {
    "fight": "attack attacks attacked attacking assault assaults assaulted raid raids raided raiding ambush ambushed"
    " ambushes clash clashes clashed clashing fought fighting battle battles battled storm stormed storming skirmish"
    " skirmishes firefight gunfight gunbattle shootout offensive counterattack entered repelled repulsed besieged rout"
    " routed invaded incursion stabbed torched burned burnt looted",
    "bomb": "bomb bombed bombing bombings bombs blast blasts explosion explosions exploded detonated shell shelled"
    " shelling shells mortar mortars mortared airstrike airstrikes strike strikes struck rocket rockets missile"
    " missiles"
    " grenade grenades pounded pounding bombarded bombardment blew drone drones strafed ied fired",
    "take": "control captured capture captures capturing seized seize seizes seizing"
    " seizure lost overran overrun overrunning fall"
    " fell falls fallen"
    " recaptured recapture retook retaken took takeover stormed occupied occupy conquered held driven drove"
    " ousted walked changed loss",
    "kill": "killed kill kills killing shot shooting executed executing execution executions massacre massacred"
    " murdered"
    " murder assassinated assassination beheaded slaughtered gunned lynched hanged hacked slain died bodies grave"
    " graves",
    "abduct": "abducted abduct abduction abducting kidnapped kidnapping kidnap hijacked hostage hostages",
}
_OF_WORD: dict[str, Act] = {word: act for act, words in _ACTS.items() for word in words.split()}
# Nouns and verbs that tell of an act only beside these.
_NEEDS = {
    "control": re.compile(r"\b(?:under|took|taken|taking|seiz\w+|gain\w+) (?:the )?(?:full |complete )?control\b"),
    "taken": re.compile(r"\b(?:been|were|was|entirely) (?:\w+ )?taken over\b|\b(?:have|has|had) taken\b"),
    "fired": re.compile(r"\bfired (?:\w+ ){0,3}(?:at|on|into)\b"),
    "changed": re.compile(r"\bchanged hands\b"),
    "lost": re.compile(r"\b(?:was|were|is|been) lost\b(?! in\b| at sea\b)"),
    "fall": re.compile(r"\bfall of (?!the wall)"),
    "loss": re.compile(r"\bloss of (?!life|lives)"),
    "walked": re.compile(r"\bwalked into\b"),
    "took": re.compile(
        r"\btook (?:full |complete |partial )?"
        r"(?:control|over|back|down|(?:the |an? )?(?:entire |whole )?(?:town|city|village|base))\b"
    ),
    "held": re.compile(r"\b(?:seized|for \w+ days)\b.{0,40}\bheld\b"),
    "fell": re.compile(
        r"\b[a-z]+ fell(?: fast| quickly)?"
        r"(?: to| on| in| before| after| at| by| without|,|\.|$)|(?:shells?|rockets?|bombs?|mortars?) fell"
    ),
    "strike": re.compile(r"\b(?:air|drone|missile|rocket|artillery|military)[ -]strikes?\b"),
    "strikes": re.compile(r"\b(?:air|drone|missile|rocket|artillery|military|israeli|russian|saudi|us)[ -]strikes\b"),
    "fallen": re.compile(r"\b(?:has|have|had) fallen (?:to|from|into)\b"),
    "driven": re.compile(r"\bdriven (?:\w+ ){0,3}(?:out|from|back)\b|\bdriven pro"),
    "drove": re.compile(r"\bdrove (?:[\w'’]+ ){1,4}(?:out|from|back)\b"),
    "blew": re.compile(r"\bblew (?:up|apart|himself|herself|themselves)\b"),
    "entered": re.compile(r"\b(?:rebels?|fighters|troops|soldiers|forces|militants|army|groups?|tanks|militia\w*)\b"),
    "storm": re.compile(r"\bstorm(?:s|ed)? the\b"),
    **dict.fromkeys(
        (
            "drone",
            "drones",
            "mortar",
            "mortars",
            "missile",
            "missiles",
            "rocket",
            "rockets",
            "shell",
            "shells",
            "grenade",
        ),
        re.compile(
            r"\b(?:hit|hits|hitting|struck|fell|fired?|land(?:s|ed)?|slammed|rained|destroyed|exploded|attacks?|strikes?)\b"
        ),
    ),
    "burned": re.compile(
        r"\b(?:burned|burnt)(?: down)? (?:\w+ ){0,2}(?:houses|homes|huts|village|church|shops|boats)\b"
    ),
    "burnt": re.compile(
        r"\b(?:burned|burnt)(?: down)? (?:\w+ ){0,2}(?:houses|homes|huts|village|church|shops|boats)\b"
    ),
}
_WORD = re.compile(r"[a-z]+")

# What is not told as having happened. Like those below it is looked for in small letters, three times as fast as
# without regard to case.
_MAY = re.compile(r"\bmay\b")  # May is a month
_UNREAL = re.compile(
    r"\b(?:if|would|could|might|will|should|threat(?:en)?(?:s|ed|ens)?|warn(?:s|ed|ing)?|fear(?:s|ed)?"
    r"|plan(?:s|ned)?"
    r"|vow(?:s|ed)?|prevent(?:ed)?|avoid|hoax|drill|exercises?|film|novel|anniversary|did not|didn['’]t|no"
    r" longer|not to"
    r"|never|to (?:attack|seize|capture|take|retake|recapture|storm|bomb|strike|kill|raid|enter|overrun))\b"
)
# What kills without arms.
_UNARMED = re.compile(
    r"\b(?:cholera|measles|ebola|malaria|epidemic|pandemic|covid(?:-19)?|influenza|typhoid|dengue|famine|starv(?:ed"
    r"|ation)|hunger|malnutrition|lack of (?:oxygen|food|water|medicine|care)|disease|poisoning"
    r"|earthquakes?|quake|floods?|flooding|floodwaters|cyclone|hurricane|typhoon"
    r"|landslides?(?! (?:victory|win))|mudslides?|avalanche|drown(?:ed|ing)|capsized?|rta|road (?:accident|crash)"
    r"|accident(?:s|al|ally)?|traffic|crash(?:ed|es)?|collision|collid(?:ed|es)|derail\w*|overturned|plung(?:ed|es)"
    r"|stampede|heart attack|lightning|snakebite|heatwave|tsunami|wildfires?|short circuit|gas leak|electrocuted"
    r"|building collapse|suicide by|hanged himself|burglar\w*|robb(?:ery|ers)|muggers?|carjack\w*|brawl"
    r"|his wife|her husband)\b"
)
_ARMED = re.compile(
    r"\b(?:(?<!heart )attack\w*|mob|set fire|bullets?|gunshots?|assailants?|bandits?|gunm[ae]n"
    r"|gunfire|gunned|gun ?battle|machine[- ]gun|shot|shots|opened fire|fired|bomb\w*|blasts?"
    r"|explosion|explosives|shell\w*|clash\w*|militants?|rebels?|insurgents?|guerrillas?|terrorists?|jihadists?|militia\w*"
    r"|fighting|battles?|raid(?:s|ed)?|ambush\w*|execut\w*|massacre\w*|fighters|air ?strikes?|strikes"
    r"|rockets?|missiles?|mortars?|grenades?|snipers?|land ?mines?|a mine|ieds?|drones?|warplanes|jets|offensive"
    r"|assault\w*|abduct\w*|kidnap\w*|hostages?|behead\w*|lynch\w*|downed|cadres|violence"
    r"|machetes?|stabbed|slain|murdered|killings|hacked|torched|war)\b"
)


def act_of(clause: str) -> tuple[Act, int] | None:
    """Return the first armed act that a clause tells of as having happened, and where in the clause its word begins."""
    small = clause.lower()
    for match in _WORD.finditer(small):
        act = _OF_WORD.get(match[0])
        if act is None:
            continue
        needed = _NEEDS.get(match[0])
        if needed is None or needed.search(small):
            return act, match.start()
    return None


def is_unreal(clause: str) -> bool:
    """Tell whether a clause speaks of what may be, or is not."""
    return _UNREAL.search(clause.lower()) is not None or _MAY.search(clause) is not None


def tells_of_accidents(text: str) -> bool:
    """Tell whether a text has any word of what kills without arms."""
    return _UNARMED.search(text.lower()) is not None


def is_unarmed(sentence: str) -> bool | None:
    """Tell whether a sentence is of a disease, a flood, an accident or plain crime; None where it tells neither."""
    small = sentence.lower()
    if _ARMED.search(small) is not None:
        return False
    return True if _UNARMED.search(small) is not None else None
