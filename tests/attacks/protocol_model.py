"""A bounded model of the protocol: every interleaving of a car, units, a rogue camera, a tunnel and thieves.

Cryptography is ideal (Dolev and Yao, 1983): who does not have a key neither opens, makes nor changes what needs it. The
attacker has the network: opens connections to units, presents any challenge it knows or can make to Anna's car, keeps,
delays, takes apart and puts together what it sees, and has a registered chip of its own. What it may know besides:
a copied chip file (``uid``, ``public``), a copied chip (``sign`` as well), the TLS key of ``U`` (``tls``), and a stolen
unit ``W``, certified for a place near Anna, which shares that TLS certificate (``unit``). What happens is searched
breadth first until nothing new does, within :data:`SESSIONS`, :data:`ANSWERS` and :data:`TICKS`. A few sessions are
where attacks on protocols of this kind are; what it does not find with these it may still miss with more.

Anna is near units ``U`` and ``W``, and far from ``V``. A defence is a name in :data:`DEFENCES`; without one of them the
search must find the attack that it is there for, or the model would prove nothing.

Longer than 300 lines because the steps of car, units and attacker are one set of rules, to be judged as one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

SESSIONS: Final = 2
ANSWERS: Final = 2
TICKS: Final = 3
TTL: Final = {1: 10, 2: 1}
CLOCK: Final = 1

SIGNED: Final = "the chip signs"
BOUND: Final = "the signature binds the TLS certificate"
PLACED: Final = "the car checks the unit's position"
CERTIFIED: Final = "the car checks the unit's certificate"
FRESH: Final = "the answer is due at once"
SEALED: Final = "the uid is sealed"
NO_VERSION_1_UNIT: Final = "the unit refuses version 1 of a chip that signs"
NO_VERSION_1_CAR: Final = "the car refuses version 1"
NAMED: Final = "the signature names the unit"
NONCED: Final = "uid, payload and signature are bound to the nonce"
WHOLE: Final = "the signature covers uid and payload"
OWN: Final = "a packet speaks for the licence of its uid alone"
ONCE: Final = "a challenge is answered once"
COUNTED: Final = "counters rise"
DEFENCES: Final = frozenset(
    {SIGNED, BOUND, PLACED, CERTIFIED, FRESH, SEALED, NO_VERSION_1_UNIT, NO_VERSION_1_CAR}
    | {NAMED, NONCED, WHOLE, OWN, ONCE, COUNTED}
)
VERSION_1: Final = frozenset[str]()
"""No defence: what version 1 is."""

Term = tuple[object, ...]
FAR: Final = "V"
STOLEN: Final = "W"
GUESSED: Final = 99
"""A counter that the attacker makes up; the number behind its chip's last one is the other that it may take."""
PLATES: Final = {"anna": "AA", "thief": "TT"}
"""Chip -> its car's plate; licences go by the name of the chip."""


class Session(NamedTuple):
    """A connection to a unit, and the challenge on it; ``nonce`` numbers it."""

    unit: str
    nonce: int
    at: int
    version: int


class Answer(NamedTuple):
    """Anna's car answered: what it believes of whom, and when."""

    unit: str
    nonce: int
    endpoint: str
    at: int
    version: int


class Claim(NamedTuple):
    """A unit believes that the driver of a licence, which goes by its chip's name, drives a plate."""

    unit: str
    nonce: int
    chip: str
    plate: str
    at: int
    version: int
    counter: int


Told = tuple[str, str, int]
"""What a packet tells a unit: licence, plate, and the chip's counter."""


class State(NamedTuple):
    """Where things stand."""

    knows: frozenset[Term]
    clock: int = 0
    sessions: tuple[Session, ...] = ()
    answers: tuple[Answer, ...] = ()
    flying: frozenset[Term] = frozenset()
    """Packets inside a TLS connection from Anna to a unit, which the attacker can only let through."""
    claims: frozenset[Claim] = frozenset()


class Model:
    """The protocol with some defences, against an attacker who knows some terms from the beginning."""

    def __init__(self, defences: frozenset[str], *, knows: frozenset[Term] = frozenset()) -> None:
        """*knows* is, for example, ``{("uid", "anna"), ("public", "anna")}``: the copy of a chip file."""
        self.defences = defences
        self._tellable: dict[tuple[frozenset[Term], str, int, int], frozenset[Told | None]] = {}
        self.start = State(knows | {("uid", "thief"), ("public", "thief"), ("sign", "thief")})

    def states(self) -> Iterator[State]:
        """Every state that can be reached, the nearest first."""
        found, waiting = {self.start}, deque([self.start])
        while waiting:
            state = waiting.popleft()
            yield state
            for later in self._steps(state):
                if later not in found:
                    found.add(later)
                    waiting.append(later)

    def _steps(self, state: State) -> Iterator[State]:
        if state.clock < TICKS:
            yield state._replace(clock=state.clock + 1)
        if len(state.sessions) < SESSIONS:
            for unit, version in product("UV", (1, 2)):
                session = Session(unit, len(state.sessions), state.clock, version)
                challenge = ("challenge", unit, session.nonce, state.clock, version, unit)
                yield state._replace(sessions=(*state.sessions, session), knows=state.knows | {challenge})
        if len(state.answers) < ANSWERS:
            yield from self._answers(state)
        for session in state.sessions:
            if ONCE not in self.defences or not any(claim[:2] == session[:2] for claim in state.claims):
                yield from self._receipts(state, session)

    def _answers(self, state: State) -> Iterator[State]:
        """Anna's car answers a challenge: the attacker chooses which one, and through what."""
        for challenge in [term for term in state.knows if term[0] == "challenge"] + self._made(state):
            _, unit, nonce, at, version, signer = challenge
            if not self._is_trusted(state, unit, at, version, signer):
                continue
            own = "U" if unit == STOLEN else unit
            for endpoint in (own, "rogue"):  # a tunnel shows the unit's own certificate
                answer = Answer(str(unit), nonce, str(endpoint), state.clock, version)  # type: ignore[arg-type]
                if answer in state.answers:
                    continue
                later = state._replace(answers=(*state.answers, answer))
                packet = self._packet("anna", answer, len(later.answers))
                if endpoint == "rogue" or ("tls", endpoint) in state.knows:
                    yield later._replace(knows=later.knows | set(packet) | self._opened(packet))
                elif endpoint == unit:
                    yield later._replace(flying=later.flying | {("packet", unit, nonce, packet)})

    def _made(self, state: State) -> list[Term]:
        """Challenges that the attacker makes, about true nonces: with a key of its own, or a stolen unit's."""
        about = list(product(state.sessions, (1, 2)))
        made: list[Term] = [("challenge", s.unit, s.nonce, state.clock, version, "rogue") for s, version in about]
        if ("unit", STOLEN) in state.knows:
            made += [("challenge", STOLEN, s.nonce, state.clock, version, STOLEN) for s, version in about]
        return made

    def _is_trusted(self, state: State, unit: object, at: object, version: object, signer: object) -> bool:
        if version == 1:
            return NO_VERSION_1_CAR not in self.defences
        if CERTIFIED in self.defences and signer != unit:
            return False
        if PLACED in self.defences and unit == FAR and signer == unit:
            return False
        return abs(state.clock - int(str(at))) <= CLOCK

    def _packet(self, chip: str, answer: Answer, counter: int) -> tuple[Term, Term, Term]:
        """The three parts of an honest packet: uid, payload and signature."""
        nonce = self._bound(answer.nonce)
        payload = ("payload", chip, PLATES[chip], chip, nonce)
        if answer.version == 1:
            return ("uid", chip), payload, ("none",)
        sealed = ("sealed", chip, nonce, counter) if SEALED in self.defences else ("uid", chip)
        return sealed, payload, self._signature(chip, answer.unit, answer.endpoint, nonce, sealed, payload)

    def _bound(self, nonce: int) -> int:
        return nonce if NONCED in self.defences else -1

    def _signature(self, key: str, unit: str, endpoint: str, nonce: int, sealed: Term, payload: Term) -> Term:
        bound = endpoint if BOUND in self.defences else "any"
        named = unit if NAMED in self.defences else "any"
        parts = (sealed, payload) if WHOLE in self.defences else ("any", "any")
        return "signature", key, named, bound, nonce, *parts

    def _opened(self, packet: tuple[Term, ...]) -> frozenset[Term]:
        """What the attacker reads in a packet that is its own to read: a uid that is not sealed."""
        return frozenset(part for part in packet if part[0] == "uid")

    def _receipts(self, state: State, session: Session) -> Iterator[State]:
        """A unit gets a packet on *session*: one that flies there, or whatever the attacker can put together."""
        ttl = TTL[session.version] if FRESH in self.defences else TTL[1]
        if state.clock - session.at > ttl:
            return
        flying = [term[3] for term in state.flying if term[1:3] == session[:2]]
        told = {self._accepted(session, packet) for packet in flying}  # type: ignore[arg-type]
        for each in (told | self._put_together_and_accepted(state.knows, session)) - {None}:
            licence, plate, counter = each  # type: ignore[misc]
            claim = Claim(session.unit, session.nonce, licence, plate, state.clock, session.version, counter)
            if COUNTED not in self.defences or not _falls(claim, state.claims):
                yield state._replace(claims=state.claims | {claim})

    def _put_together_and_accepted(self, knows: frozenset[Term], session: Session) -> frozenset[Told | None]:
        """What the attacker can have the unit believe on *session*; the clock and earlier claims are not looked at.

        Many states have the same knowledge, so it is found out once for each.
        """
        about = (knows, session.unit, session.nonce, session.version)
        if about not in self._tellable:
            packets = self._put_together(knows, session)
            self._tellable[about] = frozenset(self._accepted(session, packet) for packet in packets)
        return self._tellable[about]

    def _put_together(self, knows: frozenset[Term], session: Session) -> list[tuple[Term, Term, Term]]:
        nonce = self._bound(session.nonce)
        # What answers another nonce is refused at once, so it is not tried.
        uids = [term for term in knows if term[0] == "uid" or (term[0] == "sealed" and term[2] == nonce)]
        for term in knows:
            if term[0] == "uid":
                numbers = (1, 2, GUESSED) if term[1] == "anna" and ("sign", "anna") in knows else (GUESSED,)
                uids += [("sealed", term[1], nonce, number) for number in numbers]
        payloads = [term for term in knows if term[0] == "payload" and term[4] == nonce]
        publics = [term[1] for term in knows if term[0] == "public"]
        payloads += [
            ("payload", chip, plate, licence, nonce)
            for chip, plate, licence in product(publics, PLATES.values(), PLATES)
        ]
        made: list[tuple[Term, Term, Term]] = []
        for uid, payload in product(uids, payloads):
            own = [
                self._signature(str(t[1]), session.unit, session.unit, nonce, uid, payload)
                for t in knows
                if t[0] == "sign"
            ]
            seen = [term for term in knows if term[0] == "signature" and term[4] == nonce]
            made += [(uid, payload, signature) for signature in (*own, *seen, ("none",))]
        return made

    def _accepted(self, session: Session, packet: tuple[Term, Term, Term]) -> Told | None:
        """What the unit believes of *packet* if its counter rises, or None: the checks of docs/protocol.md."""
        uid, payload, signature = packet
        chip, bound = str(uid[1]), self._bound(session.nonce)
        if session.version == 1 or uid[0] == "uid":
            if session.version == 2 and SEALED in self.defences:
                return None
            if session.version == 1 and uid[0] != "uid":
                return None
        elif uid[2] != bound:
            return None
        if session.version == 1 and NO_VERSION_1_UNIT in self.defences:
            return None  # both chips of the model sign
        if session.version == 2 and SIGNED in self.defences:
            expected = self._signature(chip, session.unit, session.unit, bound, uid, payload)
            if signature != expected:
                return None
        _, owner, plate, licence, nonce = payload
        if owner != chip or nonce != bound or (OWN in self.defences and licence != chip):
            return None
        counter = int(str(uid[3])) if uid[0] == "sealed" else 0
        return str(licence), str(plate), counter


def _falls(claim: Claim, others: frozenset[Claim]) -> bool:
    """Whether the counter of *claim* does not rise after those that its unit has seen of its chip."""
    seen = [other for other in others if (other.unit, other.chip, other.version) == (claim.unit, claim.chip, 2)]
    return claim.version == 2 and any(
        claim.counter == other.counter or (claim.counter < other.counter and claim.at > other.at) for other in seen
    )


def violations(model: Model, *, until: frozenset[str] = frozenset()) -> set[str]:
    """What can go wrong: the words of the properties that some reachable state breaks.

    The search ends where those of *until* are found; without it, where nothing new happens.
    """
    found: set[str] = set()
    secret = ("uid", "anna")
    for state in model.states():
        if secret in state.knows and secret not in model.start.knows:
            found.add("secrecy")
        for claim in state.claims:
            if claim.chip == "anna":
                found |= set(_broken(claim, state, copied=("sign", "anna") in model.start.knows))
        if until and until <= found:
            break
    return found


def _broken(claim: Claim, state: State, *, copied: bool) -> Iterator[str]:
    """The properties that a *claim* about Anna breaks; where her chip was *copied*, what is left of them."""
    matching = [answer for answer in state.answers if (answer.unit, answer.nonce) == (claim.unit, claim.nonce)]
    if copied:
        if _falls(claim, state.claims - {claim}):
            yield "copy"
        return
    if len(matching) < sum(other[:2] == claim[:2] for other in state.claims) or claim.plate != PLATES["anna"]:
        yield "agreement"
    if matching and all(answer.endpoint != claim.unit for answer in matching):
        yield "relay"
    if matching and claim.unit != "U":
        yield "presence"
    opened = next(session.at for session in state.sessions if session[:2] == claim[:2])
    if claim.at - opened > TTL[2]:
        yield "freshness"
    if claim.version == 1:
        yield "downgrade"
