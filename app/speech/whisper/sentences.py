"""What else people say near a robot: sentences that are no command of the kitchen, for training.

A recogniser that has only ever heard its commands hears a command in everything. These are trained under their own
text, so that what is said is read as what it is, and differs from every command. Many differ by one word.
"""

from __future__ import annotations

import numpy as np

from app.speech.whisper.phrases import KITCHEN_PHRASES


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOUNS = _words(
    "plate cup sponge spoon drawer handle counter lift gripper arms sink phone shelf door book table chair box ball"
    " bottle glass knife fork bowl pan lid tray towel window bag key lamp pen paper shirt shoe hat apple banana bread"
    " cheese egg milk water coffee tea sugar salt car bus train house garden street school shop dog cat bird horse man"
    " woman boy girl friend teacher doctor music movie game song story letter number name clock radio camera robot"
    " floor wall room kitchen bathroom stairs bed light switch button cable motor wheel hand head foot left right"
    " plates cups spoons sponges doors hands play cut spun drop hand home place cap spring stone moon soup spot"
)
VERBS = _words(
    "go pick take put carry open close raise lower drive bring back let push pull turn move give show find wash clean"
    " wipe dry cut eat drink buy sell call ask tell help hold drop throw catch read write watch hear see look run walk"
    " sit stand wait start stop lift leave keep break fix fill empty shake touch press grab reach want need like"
)
MORE_NOUNS = _words(
    "airport anchor angle animal ankle apartment apron arrow artist autumn baby bacon badge bakery balloon bandage"
    " bank barrel bath battle beach bean beard beauty bell belt bench bicycle blade block board boat bone boot border"
    " branch brick bridge brush bubble bug building bulb bunch business butter cabin cable cage cake calendar candy"
    " canvas captain carpet carrot castle ceiling chain chalk cheek cherry chicken chimney chin church circle city"
    " claw clay cloud clown coat coin collar comb compass computer cookie copper corner cotton couch country cousin"
    " cover cow crane cream crown curve daughter desert desk dinner dirt dish dollar donkey dragon dress drill driver"
    " drum duck dust eagle ear elbow elephant engine envelope eye face factory farm father feather fence field finger"
    " fire flag flame flower flute fog forest fountain frame fridge frog fruit funnel game garage gate ghost giant"
    " gift glove glue goat gold grape grass guitar gun hair hall ham heart hill hip hole honey hook horn hospital"
    " hotel ice island jacket jar jeans jewel juice king kite knee knot lake land leaf leather leg lesson lettuce"
    " library lion lips lock log machine magnet mail map marble market mask match meat medal melon metal mirror money"
    " monkey monster mouse mouth mushroom nail neck needle nest net noodle nose nurse oil onion ocean orange orchestra"
    " owl packet page pants parcel park party pasta path peach peanut pear pencil pepper piano picture pie pig pillow"
    " pin pipe pizza planet plant pocket pond post present prince puppet purse puzzle queen rabbit racket rain rice"
    " ring river road rocket roof root rope rose ruler sail salad sand sauce saw scale scarf screen screw seat seed"
    " sheep sheet ship shoulder shower silver skirt snake snow soap sock soda sofa soldier soup spider stage stamp"
    " star steak steam steel stick stomach storm straw sugar suit summer sun sweater sword tail tape target taxi"
    " teapot tent thread throat thumb ticket tie tiger tile tire toast toe tongue tool tooth tower toy track train"
    " trash tree truck trumpet tube tunnel turkey turtle uncle village violin wagon waist walnut water wave wheat"
    " whistle wind wine wing winter wire wolf wood wool world worm wrist yard zebra plague slate plank spool spade"
    " spine cop cub crate dryer draw druid hangar candle panel shipper slipper clipper grabber kipper lid list link"
    " shrink pink think drink brink counting mountain account center"
)
MORE_VERBS = _words(
    "grow show know throw blow stick flick prick hurry marry bury ferry shut cut foot boot close choose rise praise"
    " raise tick make bake shake wake fake dive arrive live give forgive bet get set spring ring sing lack track"
    " attack lend send bend mend begin win spin pin answer argue boil bounce build burn chase chew chop climb cook"
    " copy cover cross crush deliver dig divide draw dream dress drip enter explain fetch fold fry hang heat hit hug"
    " hunt join jump kick kiss knock learn light lock lose love mix nail pass peel plug point pour pray print promise"
    " pump punch rescue ride roll rub save search serve sew sharpen shoot shout sink slice slide smell smile spell"
    " spill split spray squeeze stir stretch sweep swim swing teach tear tie touch trade trap treat trust type visit"
    " vote warm waste wave wear weigh whisper wrap"
)
PLACES = (
    "in the", "on the", "under the", "to the", "from the", "next to the", "behind the", "into the", "at the",
    "with the", "over the", "out of the", "for the", "near the",
)  # fmt: skip
WHO = (*_words("I you we they he she somebody everyone nobody robot"), "the robot", "my friend", "the man")
COMMON = _words(
    "a an all also and are as at be because been but by can come could day did do does down first from get good great"
    " had has have here him his how if it its just know last little long made make many may me more most much my never"
    " new next no not now of off old on one only or other our out people please really right said same saw say should"
    " small so some still such than thank that the their them then there these thing think this time today tomorrow too"
    " two three four five six seven eight nine ten under up us use very was way well went were what when where which"
    " who why will with work would year yes yesterday your morning evening night week always again away before after"
    " hello okay sorry maybe nothing something big red blue green black white fast slow happy"
)
SET_PHRASES = (
    "thank you", "thanks", "thank you for watching", "hello there", "good morning", "see you tomorrow", "yes please",
    "no thank you", "what time is it", "how are you", "come here", "wait a moment", "not yet", "all right", "okay",
    "stop", "hold on", "hold", "yes", "no", "one two three", "pick up the phone", "open the door", "close the door",
    "go to the sink", "put the plate on the shelf", "go home", "go away", "back", "the plate", "the cup", "the sponge",
    "the spoon", "the sink", "open", "close", "lift", "drawer", "never mind", "go on", "that is it", "what is this",
    "let go", "let it go", "take it", "put it down", "pick it up", "bring it here", "open it", "close it",
)  # fmt: skip

BEFORE = (
    "do not", "don't", "never", "please", "now", "can you", "could you", "will you", "I will", "I want to",
    "you should", "she said", "he can", "we should", "and then", "then", "first", "why did you", "when you", "if you",
    "let us", "did you", "after you", "try to", "they always", "we never", "who will", "you must not", "okay", "but",
)  # fmt: skip
AFTER = (
    "please", "now", "again", "later", "tomorrow", "not now", "and wait", "if you can", "or not", "too", "first",
    "then stop", "with your left hand", "today", "every morning", "for me", "and go home", "when I say so", "never",
)  # fmt: skip


def said_within(rng: np.random.Generator) -> str:
    """A command within a sentence that is none: "do not pick up the plate", "open the drawer tomorrow"."""
    text = _one(rng, KITCHEN_PHRASES)
    where = rng.random()
    if where < 0.8:
        text = f"{_one(rng, BEFORE)} {text}"
    if where > 0.6:
        text = f"{text} {_one(rng, AFTER)}"
    return text


def near_command(rng: np.random.Generator) -> str:
    """A command but for a word, for its end, or for another behind it: what is most easily taken for one."""
    while True:
        words = list(_one(rng, KITCHEN_PHRASES).split())
        kind = rng.random()
        if kind < 0.14:
            size = int(rng.integers(1, len(words)))
            start = 0 if rng.random() < 0.6 else len(words) - size
            words = words[start : start + size]
        elif kind < 0.22:
            words += _one(rng, KITCHEN_PHRASES).split()
        else:
            for _ in range(1 if rng.random() < 0.85 else 2):
                places = [index for index, word in enumerate(words) if word in NOUNS]
                if places and rng.random() < 0.75:
                    words[places[int(rng.integers(len(places)))]] = _one(rng, NOUNS + 2 * MORE_NOUNS)
                else:
                    words[0] = _one(rng, VERBS + 2 * MORE_VERBS)
        text = " ".join(words)
        if text not in KITCHEN_PHRASES:
            return text


def training_sentence(rng: np.random.Generator) -> str:
    """A sentence that is none of the kitchen's commands, of one of several kinds."""
    while True:
        text = _sentence(rng)
        if text not in KITCHEN_PHRASES:
            return text


def _sentence(rng: np.random.Generator) -> str:
    kind = rng.choice(6, p=(0.3, 0.16, 0.16, 0.1, 0.2, 0.08))
    if kind == 0:
        return _one_word_off(rng)
    if kind == 1:
        return _order(rng)
    if kind == 2:
        return f"{_one(rng, WHO)} {_one(rng, COMMON)} {_one(rng, VERBS)} the {_one(rng, NOUNS)}" + (
            f" {_one(rng, PLACES)} {_one(rng, NOUNS)}" if rng.random() < 0.4 else ""
        )
    if kind == 3:
        return _one(rng, SET_PHRASES)
    if kind == 4:
        return " ".join(_one(rng, COMMON + NOUNS + VERBS) for _ in range(rng.integers(1, 8)))
    return _part_or_two(rng)


def _one_word_off(rng: np.random.Generator) -> str:
    words = _one(rng, KITCHEN_PHRASES).split()
    place = int(rng.integers(len(words)))
    if rng.random() < 0.6:
        # Mostly the thing or the verb: "the" is no word that a command hangs on.
        place = len(words) - 1 if rng.random() < 0.6 else 0
    pool = VERBS if place == 0 else NOUNS
    words[place] = _one(rng, pool)
    return " ".join(words)


def _order(rng: np.random.Generator) -> str:
    text = f"{_one(rng, VERBS)} the {_one(rng, NOUNS)}"
    if rng.random() < 0.6:
        text += f" {_one(rng, PLACES)} {_one(rng, NOUNS)}"
    return text


def _part_or_two(rng: np.random.Generator) -> str:
    words = _one(rng, KITCHEN_PHRASES).split()
    if rng.random() < 0.7:
        size = int(rng.integers(1, len(words)))
        start = int(rng.integers(len(words) - size + 1))
        return " ".join(words[start : start + size])
    return " ".join((*words, *_one(rng, KITCHEN_PHRASES).split()))


def _one(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]
