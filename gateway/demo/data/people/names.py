"""Word lists: the names of people, as mixed as those of the Puget Sound, none of them a real person's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from gateway.demo.data.records import Birthplace


@dataclass(frozen=True, slots=True)
class Heritage:
    """Names that go together, and the facts that often come with them."""

    weight: int
    races: tuple[str, ...]
    hispanic: float
    language: str
    birthplace: Birthplace
    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]


def _heritage(weight: int, races: str, hispanic: float, place: str, female: str, male: str, family: str) -> Heritage:
    city, country, language = place.split("|")
    return Heritage(
        weight,
        tuple(races.split()),
        hispanic,
        language,
        Birthplace(city, "", country),
        tuple(female.split()),
        tuple(male.split()),
        tuple(name.replace("_", " ") for name in family.split()),
    )


def _words(text: str, separator: str | None = None) -> tuple[str, ...]:
    return tuple(text.split(separator))


FEMALE = _words(
    "Emma Olivia Ava Sophia Isabella Mia Charlotte Amelia Harper Evelyn Abigail Ella Scarlett Grace Chloe Riley Nora"
    " Lily Hazel Violet Aurora Stella Lucy Ruby Claire Naomi Maya Alice Sadie Piper Josie Clara Ivy Willow Juniper"
    " Quinn Rowan Sage Wren Tessa Margot Daphne Phoebe Beatrice Eleanor"
)
MALE = _words(
    "Liam Noah Oliver Elijah James Benjamin Lucas Henry Alexander Mason Ethan Daniel Jacob Logan Jackson Levi Samuel"
    " Owen Wyatt Jack Luke Isaac Caleb Nathan Eli Aaron Miles Ezra Theo August Felix Jasper Silas Otto Hugo Simon"
    " Desmond Emmett Graham Malcolm Reid Soren Walter Nolan Griffin"
)
HERITAGES = (
    _heritage(
        300,
        "white",
        0.03,
        "Vancouver|CA|eng",
        "Ingrid Maren Annika Bridget Fiona Siobhan Greta Heidi Astrid Linnea Tove Kirsten Paige Brooke Hadley",
        "Anders Lars Gunnar Magnus Declan Finnegan Torsten Erik Colin Tristan Beckett Everett Bjorn Callum Sander",
        "Lindqvist Halvorsen Okerlund Marsh Brandt Whitlock Hargrove Sorensen Pruitt Kessler Dunmore Fairbanks Tolliver"
        " Ackerly Stroud Winslow Bergstrom Calloway Hollis Penrose Thackeray Vance Rooke Eastman Larkin Beaumont"
        " McAllister O'Rourke Fitzgerald Sinclair Abernathy Culpepper Nyland Voss Merriweather",
    ),
    _heritage(
        190,
        "white",
        0.97,
        "Guadalajara|MX|spa",
        "Ximena Camila Valeria Itzel Lucía Renata Marisol Paloma Daniela Yaretzi Inés Guadalupe Noemí Araceli Citlali",
        "Mateo Santiago Diego Emiliano Joaquín Andrés Ángel Iker Leonel Rogelio Tomás Esteban Ulises Gael Nicolás",
        "García Hernández Ramírez Ortega Villanueva Castañeda Ibarra Peña Quintero Zavala Montoya Fuentes Barragán"
        " Escobedo Luna Núñez Salgado Trujillo Cisneros Aguilar García_López Ruiz_Cano Mejía Valdovinos Córdova",
    ),
    _heritage(
        80,
        "black",
        0.03,
        "Atlanta|US|eng",
        "Imani Nia Aaliyah Zuri Kiara Jada Amari Kennedy Skye Brielle Makayla Tiana Nyla Sanaa Journee",
        "Malik Jalen Darius Isaiah Marcus Xavier Kameron Andre Terrell Josiah Micah Zaire Khalil Elias Donovan",
        "Washington Bridges Coleman Whitfield Gaines Hollowell Mosley Sutton Vaughn Ransom Tibbs Freeman Battle"
        " Dorsey Ellison Boykin Merritt Pettway Rollins Strickland",
    ),
    _heritage(
        75,
        "black",
        0.0,
        "Mogadishu|SO|som",
        "Hodan Ifrah Ayaan Sahra Fadumo Hibo Selam Hiwot Bethlehem Meron Rahel Saba Liya Ubah Nimo",
        "Abdirahman Yusuf Hamza Liban Guled Warsame Dawit Yonas Abel Nahom Bereket Samuel Khalid Zakariya Idris",
        "Warsame Abdi Hassan Jama Farah Mohamud Gebremedhin Tesfaye Haile Woldemariam Kidane Bekele Osman Duale"
        " Tekle Alemu Hersi Samatar Negash Mebrahtu",
    ),
    _heritage(
        60,
        "asian",
        0.0,
        "Hanoi|VN|vie",
        "Linh Thảo Ngọc Mai Trang Hương Lan Phương Vy My Khanh Tuyết Anh Quyên Diệp",
        "Minh Huy Khoa Long Bảo Tuấn Phúc Quang Đức Nam Việt Hoàng Thịnh Kiên Trí",
        "Nguyễn Trần Lê Phạm Huỳnh Vũ Đặng Bùi Đỗ Hồ Ngô Dương Lý Nguyen Tran Pham Truong Doan",
    ),
    _heritage(
        60,
        "asian",
        0.02,
        "Cebu City|PH|tgl",
        "Althea Jasmine Bea Tala Ligaya Marikit Carmela Rowena Divina Mayumi Hiraya Analyn Luningning Amihan Dalisay",
        "Jericho Rommel Dante Alon Bayani Kidlat Jomari Crisanto Rafael Joel Lakan Isagani Gabriel Emilio Datu",
        "Dela_Cruz Bautista Villareal Magsaysay Pangilinan Reyes Santos Macaraeg Dimaculangan Ocampo Salonga Tolentino"
        " Catacutan Lacson Manalo Abad Dizon Galang",
    ),
    _heritage(
        55,
        "asian",
        0.0,
        "Hyderabad|IN|tel",
        "Ananya Diya Kavya Meera Saanvi Priya Aditi Riya Lakshmi Nandini Tara Harpreet Simran Ishani Anika",
        "Arjun Rohan Vihaan Aditya Karthik Ishaan Dev Nikhil Pranav Vikram Gurpreet Jaspreet Siddharth Aarav Kabir",
        "Reddy Iyer Krishnan Patel Sharma Gill Sandhu Banerjee Menon Deshpande Kapoor Rao Venkataraman Dhaliwal"
        " Chowdhury Malhotra Kulkarni Naidu",
    ),
    _heritage(
        55,
        "asian",
        0.0,
        "Taipei|TW|chi",
        "Xinyi Meiling Jiayi Yuxuan Wenjing Hana Sakura Yuna Seo-yeon Ji-woo Haruka Emi Lihua Yating Minji",
        "Zihao Weijie Haoran Jun Kenji Haruto Min-jun Joon Dae Hiroshi Ren Yichen Bowen Taro Shun",
        "Chen Wang Liu Zhang Huang Lin Kim Park Choi Yamamoto Nakamura Tanaka Takahashi Hsu Tsai Kwon Fukuda Zhao",
    ),
    _heritage(
        35,
        "white",
        0.0,
        "Kharkiv|UA|ukr",
        "Oksana Daryna Kateryna Sofiya Yuliia Milana Polina Zlata Anastasia Vira Halyna Nadia Solomiya Lesia Ruslana",
        "Bohdan Mykola Taras Andriy Maksym Yaroslav Dmytro Oleksandr Vitaly Nazar Roman Ilya Timofey Kirill Pavlo",
        "Kovalenko Shevchuk Bondarenko Tkachenko Melnyk Petrenko Savchenko Lysenko Moroz Hrytsenko Volkov Sokolov"
        " Romanyuk Zhuk Kravets",
    ),
    _heritage(
        30,
        "pacific",
        0.02,
        "Apia|WS|smo",
        "Sina Moana Leilani Talia Losa Masina Kalea Nohea Mele Tiare Lupe Fetu Kehaulani Alisi Malia",
        "Tavita Sione Keoni Kai Manu Fetu Tasi Iosefa Viliami Makoa Koa Semisi Penitoa Lagi Nalu",
        "Fa'asavalu Tuiasosopo Leota Kealoha Tupou Faleafine Matagi Vaifale Kahananui Lolohea Moeaki Tuimavave"
        " Fonoti Kapule Aumua",
    ),
    _heritage(
        20,
        "native",
        0.05,
        "Anchorage|US|eng",
        "Raven Cedar Dakota Winona Sierra Sahalie Autumn Tallulah Lark Meadow Aiyana Kaya Summer Skylar Nizhoni",
        "River Forrest Hunter Chayton Ridge Talon Stone Canyon Elan Kestrel Heron Aspen Colt Denali Takoda",
        "Whitehorse Swiftwater Longhouse George James Moses Cedarbark Joe Wildrose Riverbend Salmonberry Thunderheart"
        " Blackfish Stillwater Eaglestaff",
    ),
    _heritage(
        40,
        "white",
        0.0,
        "Baghdad|IQ|ara",
        "Layla Noor Yasmin Rania Zahra Mariam Salma Dalia Huda Amira Farida Shirin Parisa Laleh Zainab",
        "Omar Tariq Karim Faisal Sami Bilal Ziad Rashid Jamal Hadi Navid Kaveh Arman Farid Mustafa",
        "Al-Hashimi Haddad Nasser Khoury Mansour Rahimi Karimi Sayegh Al-Jabouri Tehrani Azizi Barakat Qureshi Saleh"
        " Noorzai",
    ),
)
BIRTHPLACES = tuple(
    Birthplace(*place.split("|"))
    for place in (
        "Seattle|WA|US",
        "Renton|WA|US",
        "Tacoma|WA|US",
        "Kirkland|WA|US",
        "Everett|WA|US",
        "Bremerton|WA|US",
        "Olympia|WA|US",
        "Auburn|WA|US",
        "Burien|WA|US",
        "Spokane|WA|US",
        "Yakima|WA|US",
        "Portland|OR|US",
        "Boise|ID|US",
        "Oakland|CA|US",
        "Honolulu|HI|US",
    )
)
NICKNAMES = {
    "Abigail": "Abby",
    "Alexander": "Xander",
    "Anastasia": "Stasia",
    "Benjamin": "Ben",
    "Charlotte": "Charlie",
    "Daniel": "Danny",
    "Eleanor": "Nell",
    "Elijah": "Eli",
    "Emiliano": "Emi",
    "Evelyn": "Evie",
    "Guadalupe": "Lupita",
    "Isabella": "Izzy",
    "Jackson": "Jax",
    "James": "Jamie",
    "Josephine": "Josie",
    "Kateryna": "Katya",
    "Nathan": "Nate",
    "Oleksandr": "Sasha",
    "Olivia": "Liv",
    "Samuel": "Sam",
    "Santiago": "Santi",
    "Siddharth": "Sid",
    "Theo": "Teddy",
    "Ximena": "Mena",
    "Abdirahman": "Abdi",
}
# Legal names that break careless software: apostrophes, hyphens, blanks, quotes, combining marks, other scripts.
HOSTILE = (
    ("Ame\u0301lie", "", "O'Brien-Ferna\u0301ndez", "", 'Mel "Ace"'),
    ("Seán", "Ó", "D'Angelo", "Jr.", ""),
    ("Kaʻiulani", "", "Kealoha", "", "Kai"),
    ("Jean-Luc", "St. John", "de la Vega y Santos", "", ""),
    ("Nguyễn", "Thị", "Đặng", "", "Ngu\u031bye\u0302\u0303n"),
    ("X", "", "Li", "", "小明"),
    ("Mary Ann", "", "Null", "", ""),
    ("Zoë", "Æ", "Straße", "III", 'Zo, "Z" & Co.'),
    ("D'Artagnan", "", "N'Diaye", "", "<D>"),
    ("Hubert", "Wolfe", "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh", "Sr.", "Hub\\Hubie"),
)
# The student that a demonstration follows, by seed.
SPOTLIGHTS = (
    ("Noemí", "Grace", "D'Angelo-Marsh", "Mimi", "female"),
    ("Théo", "James", "O'Rourke", "Teddy", "male"),
    ("Zuri", "Mae", "Whitfield", "ZZ", "female"),
    ("Joaquín", "Luis", "Peña", "Quino", "male"),
    ("Linnea", "Rose", "Halvorsen-Tran", "Nea", "female"),
)
STREETS = _words(
    "Heron Salal Kelp Driftwood Trillium Fernwood Otter Osprey Huckleberry Madrona Larkspur Glacier Tidewater Orchard"
    " Lighthouse Foxglove Ferry Chinook Snowberry Millrace Harbor Juniper Copperleaf Raincloud Mossback"
)
STREET_KINDS = ("St", "Ave", "Way", "Ln", "Ct", "Dr", "Pl")
SCHOOL_NAMES = _words(
    "Maple Grove|Cedar Creek|Alder Point|Salmon Run|Heron Bay|Fern Hollow|Orca Landing|Madrona Ridge|Tidewater"
    "|Rainier View|Otter Slough|Huckleberry Hill|Driftwood|Osprey|Glacier Park|Trillium|Lighthouse|Foxglove"
    "|Chinook|Snowberry|Harbor Heights|Juniper|Millrace|Copperleaf|Kelp Forest|Larkspur|Evergreen Bluff|Skybridge"
    "|Sandpiper|Bluebell",
    "|",
)
PLAIN = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Return *text* in the letters an e-mail address may have; nothing when there are none."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).replace("đ", "d").replace("Đ", "D")
        text = text.encode("ascii", "ignore").decode()
    return PLAIN.sub("", text.lower())
