"""When to call back, in French, Spanish and Portuguese, on Saturday the 21st of November 2026, 2 p.m."""

import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import spoken
from callcenter.dialogue.slots import moment
from callcenter.dialogue.slots.heard import Heard

NOW = datetime(2026, 11, 21, 14, 0)  # noqa: DTZ001 - local time, as the brain is given it
LANGUAGES = ("en", "fr", "es", "pt")


def parsed(text: str, language: str, asked: bool = True, now: datetime = NOW) -> str | None:
    found = moment.parse(Heard.of(text, language), now, asked)
    return found.value if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mardi prochain à quinze heures trente", "2026-11-24T15:30"),
        ("Mardi à 15h30.", "2026-11-24T15:30"),
        ("mardi à 15 h 30", "2026-11-24T15:30"),
        ("Mardi vers 15h.", "2026-11-24T15:00"),
        ("mardi à 15:30", "2026-11-24T15:30"),
        ("demain matin", "2026-11-22T10:00"),
        ("Demain matin à 9 heures.", "2026-11-22T09:00"),
        ("demain à trois heures de l'après-midi", "2026-11-22T15:00"),
        ("demain à trois heures", "2026-11-22T15:00"),
        ("après-demain vers midi", "2026-11-23T12:00"),
        ("après demain à midi et demi", "2026-11-23T12:30"),
        ("demain à midi moins le quart", "2026-11-22T11:45"),
        ("midi trente, demain", "2026-11-22T12:30"),
        ("le 3 décembre", "2026-12-03T10:00"),
        ("le trois décembre à quatorze heures", "2026-12-03T14:00"),
        ("Jeudi 3 décembre 2026 à 14 heures.", "2026-12-03T14:00"),
        ("le premier décembre à neuf heures", "2026-12-01T09:00"),
        ("le 1er décembre", "2026-12-01T10:00"),
        ("le 24 à seize heures", "2026-11-24T16:00"),
        ("le 24/11 à 16h", "2026-11-24T16:00"),
        ("dans deux heures", "2026-11-21T16:00"),
        ("dans une heure", "2026-11-21T15:00"),
        ("Dans une heure et demie.", "2026-11-21T15:30"),
        ("dans une demi-heure", "2026-11-21T14:30"),
        ("dans un quart d'heure", "2026-11-21T14:15"),
        ("dans trois quarts d'heure", "2026-11-21T14:45"),
        ("dans une semaine", "2026-11-28T10:00"),
        ("dans quinze jours à onze heures", "2026-12-06T11:00"),
        ("dans deux ou trois jours", "2026-11-23T10:00"),
        ("dans un mois", "2026-12-21T10:00"),
        ("à la fin de la semaine", "2026-11-27T10:00"),
        ("en fin de semaine prochaine", "2026-11-27T10:00"),
        ("la semaine prochaine", "2026-11-23T10:00"),
        ("mercredi de la semaine prochaine à 10h", "2026-11-25T10:00"),
        ("mardi en huit", "2026-12-01T10:00"),
        ("ce week-end", "2026-11-22T10:00"),
        ("fin du mois", "2026-11-30T10:00"),
        ("lundi en fin d'après-midi", "2026-11-23T17:00"),
        ("plutôt en fin de matinée, lundi", "2026-11-23T11:00"),
        ("Bonsoir, lundi soir", "2026-11-23T18:00"),
        ("ce soir", "2026-11-21T18:00"),
        ("ce soir à huit heures", "2026-11-21T20:00"),
        ("lundi à neuf heures moins dix", "2026-11-23T08:50"),
        ("lundi à dix heures moins le quart", "2026-11-23T09:45"),
        ("lundi à dix heures et quart", "2026-11-23T10:15"),
        ("lundi à cinq heures et demie", "2026-11-23T17:30"),
        ("je ne suis pas là lundi, mardi à dix heures c'est bon", "2026-11-24T10:00"),
        ("entre quatorze et seize heures demain", "2026-11-22T14:00"),
        ("entre 14h et 16h lundi", "2026-11-23T14:00"),
        ("après dix-huit heures", "2026-11-21T18:00"),
        ("vingt et une heures demain", "2026-11-22T21:00"),
        ("à une heure demain", "2026-11-22T13:00"),
        ("à quinze heures", "2026-11-21T15:00"),
        ("dans l'après-midi", "2026-11-21T15:00"),
        ("aujourd'hui à dix-sept heures", "2026-11-21T17:00"),
        ("n'importe quand", "2026-11-23T10:00"),
        ("quand vous voulez demain", "2026-11-22T10:00"),
        ("dès que possible", "2026-11-23T10:00"),
        ("apres-demain a 10 heures", "2026-11-23T10:00"),
        ("entre 14 heures et 16 heures demain", "2026-11-22T14:00"),
        ("vendredi, en fin de journée, vers 17h30", "2026-11-27T17:30"),
        ("la semaine prochaine, plutôt mardi", "2026-11-24T10:00"),
        ("Dans deux semaines, le mardi à 14h.", "2026-12-01T14:00"),
        ("lundi vers quinze trente", "2026-11-23T15:30"),
        ("demain à la première heure", "2026-11-22T09:00"),
        ("Dix heures.", "2026-11-22T10:00"),
        ("Dix.", "2026-11-22T10:00"),
    ],
)
def test_french(text: str, expected: str) -> None:
    assert parsed(text, "fr") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("el martes a las cuatro y media de la tarde", "2026-11-24T16:30"),
        ("El martes a las 4 y media de la tarde.", "2026-11-24T16:30"),
        ("El martes a las 16:30.", "2026-11-24T16:30"),
        ("el próximo martes a las dieciséis treinta", "2026-11-24T16:30"),
        ("el martes que viene a las diez y cuarto", "2026-11-24T10:15"),
        ("el martes a las once menos cuarto", "2026-11-24T10:45"),
        ("el martes a las once menos diez", "2026-11-24T10:50"),
        ("el martes a las diez y veinte", "2026-11-24T10:20"),
        ("un cuarto para las once, el martes", "2026-11-24T10:45"),
        ("el martes a la una", "2026-11-24T13:00"),
        ("el martes a la una y media", "2026-11-24T13:30"),
        ("el martes a las dos del mediodía", "2026-11-24T14:00"),
        ("pasado mañana", "2026-11-23T10:00"),
        ("pasado mañana por la tarde", "2026-11-23T16:00"),
        ("mañana", "2026-11-22T10:00"),
        ("Mañana a las 3.", "2026-11-22T15:00"),
        ("mañana por la mañana", "2026-11-22T10:00"),
        ("mañana a las nueve de la mañana", "2026-11-22T09:00"),
        ("mañana al mediodía", "2026-11-22T12:00"),
        ("mañana por la noche", "2026-11-22T20:00"),
        ("Buenas tardes, mañana a las nueve", "2026-11-22T09:00"),
        ("dentro de una semana", "2026-11-28T10:00"),
        ("dentro de dos horas", "2026-11-21T16:00"),
        ("en media hora", "2026-11-21T14:30"),
        ("en un cuarto de hora", "2026-11-21T14:15"),
        ("en una hora y media", "2026-11-21T15:30"),
        ("dentro de quince días", "2026-12-06T10:00"),
        ("en un par de horas", "2026-11-21T16:00"),
        ("el 3 de diciembre", "2026-12-03T10:00"),
        ("el tres de diciembre a las cinco", "2026-12-03T17:00"),
        ("el jueves 3 de diciembre de 2026 a las 17 horas", "2026-12-03T17:00"),
        ("el uno de diciembre", "2026-12-01T10:00"),
        ("el primero de diciembre a las diez", "2026-12-01T10:00"),
        ("el día veinticuatro a las diez", "2026-11-24T10:00"),
        ("el martes 24 a las 10 h", "2026-11-24T10:00"),
        ("la semana que viene", "2026-11-23T10:00"),
        ("el viernes de la semana que viene por la mañana", "2026-11-27T10:00"),
        ("a finales de semana", "2026-11-27T10:00"),
        ("el fin de semana", "2026-11-22T10:00"),
        ("a finales de mes", "2026-11-30T10:00"),
        ("esta tarde a las seis", "2026-11-21T18:00"),
        ("hoy a las cinco", "2026-11-21T17:00"),
        ("esta noche a las nueve", "2026-11-21T21:00"),
        ("el lunes a primera hora", "2026-11-23T09:00"),
        ("el lunes a última hora de la tarde", "2026-11-23T18:00"),
        ("entre las cuatro y las seis de la tarde del lunes", "2026-11-23T16:00"),
        ("a partir de las cinco, el lunes", "2026-11-23T17:00"),
        ("el lunes no puedo, el martes a las diez sí", "2026-11-24T10:00"),
        ("sobre las diez", "2026-11-22T10:00"),
        ("a las tres", "2026-11-21T15:00"),
        ("por la tarde", "2026-11-21T16:00"),
        ("cuando quiera", "2026-11-23T10:00"),
        ("cualquier día por la tarde", "2026-11-21T16:00"),
        ("me da igual", "2026-11-23T10:00"),
        ("pasado manana a las 10", "2026-11-23T10:00"),
        ("el sabado a las once", "2026-11-28T11:00"),
        ("entre las 2 y 4 de la tarde, mañana", "2026-11-22T14:00"),
        ("de 9 a 11 el lunes", "2026-11-23T09:00"),
        ("la semana próxima, el jueves", "2026-11-26T10:00"),
        ("mañana a las doce de la noche", "2026-11-23T00:00"),
        ("en 2h", "2026-11-21T16:00"),
        ("Las diez.", "2026-11-22T10:00"),
    ],
)
def test_spanish(text: str, expected: str) -> None:
    assert parsed(text, "es") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amanhã às nove e meia", "2026-11-22T09:30"),
        ("Amanhã às 9h30.", "2026-11-22T09:30"),
        ("amanhã às 9:30", "2026-11-22T09:30"),
        ("amanhã às nove e trinta", "2026-11-22T09:30"),
        ("amanhã às nove e quinze", "2026-11-22T09:15"),
        ("amanhã às nove horas da manhã", "2026-11-22T09:00"),
        ("amanhã", "2026-11-22T10:00"),
        ("amanhã de manhã", "2026-11-22T10:00"),
        ("amanhã ao meio-dia", "2026-11-22T12:00"),
        ("amanhã ao meio-dia e meia", "2026-11-22T12:30"),
        ("amanhã à noite", "2026-11-22T20:00"),
        ("amanhã à uma", "2026-11-22T13:00"),
        ("amanhã à uma e meia da tarde", "2026-11-22T13:30"),
        ("amanhã às duas", "2026-11-22T14:00"),
        ("Boa tarde, amanhã às nove", "2026-11-22T09:00"),
        ("terça-feira à tarde", "2026-11-24T15:00"),
        ("Terça à tarde.", "2026-11-24T15:00"),
        ("na terça às três da tarde", "2026-11-24T15:00"),
        ("próxima terça-feira às 15 horas", "2026-11-24T15:00"),
        ("segunda às 15h", "2026-11-23T15:00"),
        ("segunda-feira às quinze e trinta", "2026-11-23T15:30"),
        ("quarta-feira às dez", "2026-11-25T10:00"),
        ("quinta às quatro e um quarto", "2026-11-26T16:15"),
        ("sexta-feira às quinze para as quatro", "2026-11-27T15:45"),
        ("sexta às quatro menos um quarto", "2026-11-27T15:45"),
        ("sexta às dez para as cinco", "2026-11-27T16:50"),
        ("sábado às onze", "2026-11-28T11:00"),
        ("segunda-feira que vem às dez", "2026-11-23T10:00"),
        ("terça da próxima semana às dez", "2026-11-24T10:00"),
        ("depois de amanhã", "2026-11-23T10:00"),
        ("depois de amanhã às 14h", "2026-11-23T14:00"),
        ("daqui a duas horas", "2026-11-21T16:00"),
        ("daqui a uma hora", "2026-11-21T15:00"),
        ("daqui a meia hora", "2026-11-21T14:30"),
        ("daqui a uma hora e meia", "2026-11-21T15:30"),
        ("daqui a um quarto de hora", "2026-11-21T14:15"),
        ("dentro de uma semana", "2026-11-28T10:00"),
        ("daqui a quinze dias às onze horas", "2026-12-06T11:00"),
        ("daqui a dois meses", "2027-01-21T10:00"),
        ("dia 3 de dezembro", "2026-12-03T10:00"),
        ("no dia três de dezembro às cinco da tarde", "2026-12-03T17:00"),
        ("Quinta-feira, 3 de dezembro, às 17h.", "2026-12-03T17:00"),
        ("primeiro de dezembro às nove", "2026-12-01T09:00"),
        ("dia 24 às dez", "2026-11-24T10:00"),
        ("na próxima semana", "2026-11-23T10:00"),
        ("semana que vem, na quinta de manhã", "2026-11-26T10:00"),
        ("no fim de semana", "2026-11-22T10:00"),
        ("no final da semana", "2026-11-27T10:00"),
        ("no fim do mês", "2026-11-30T10:00"),
        ("hoje às cinco", "2026-11-21T17:00"),
        ("hoje ao fim da tarde", "2026-11-21T18:00"),
        ("esta noite às nove", "2026-11-21T21:00"),
        ("por volta das dez", "2026-11-22T10:00"),
        ("a partir das cinco da tarde", "2026-11-21T17:00"),
        ("depois das 18h", "2026-11-21T18:00"),
        ("entre as duas e as quatro, segunda", "2026-11-23T14:00"),
        ("segunda não posso, terça às dez", "2026-11-24T10:00"),
        ("de tarde", "2026-11-21T15:00"),
        ("quando quiser", "2026-11-23T10:00"),
        ("qualquer hora", "2026-11-23T10:00"),
        ("tanto faz", "2026-11-23T10:00"),
        ("amanha as 10", "2026-11-22T10:00"),
        ("entre 2 e 4 da tarde, amanhã", "2026-11-22T14:00"),
        ("amanhã tenho uma reunião, às três", "2026-11-22T15:00"),
        ("vou a uma reunião amanhã, ligue às três", "2026-11-22T15:00"),
        ("para a semana, na terça", "2026-11-24T10:00"),
        ("Segunda-feira às 9 horas e 15 minutos.", "2026-11-23T09:15"),
        ("daqui a 1h", "2026-11-21T15:00"),
        ("Dez horas.", "2026-11-22T10:00"),
    ],
)
def test_portuguese(text: str, expected: str) -> None:
    assert parsed(text, "pt") == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", ""),
        ("fr", "non"),
        ("fr", "hier"),
        ("fr", "le 31 février"),
        ("fr", "le trente et un avril à dix heures"),
        ("fr", "le 29 février 2027"),
        ("fr", "le 3 décembre 2025"),
        ("fr", "aujourd'hui à treize heures"),
        ("fr", "ce matin"),
        ("fr", "à vingt-cinq heures"),
        ("fr", "plus tard"),
        ("fr", "il y a deux heures"),
        ("fr", "j'ai un rendez-vous"),
        ("fr", "à un moment"),
        ("fr", "pas tout de suite"),
        ("fr", "mon numéro est le 06 12 34 56 78"),
        ("es", "no"),
        ("es", "ayer"),
        ("es", "31 de abril"),
        ("es", "el treinta de febrero"),
        ("es", "hoy a la una"),
        ("es", "esta mañana"),
        ("es", "a las veinticinco"),
        ("es", "más tarde"),
        ("es", "buenas tardes"),
        ("es", "hace dos horas"),
        ("es", "tengo una reunión"),
        ("es", "mi número es el 612 345 678"),
        ("pt", "não"),
        ("pt", "ontem"),
        ("pt", "31 de abril"),
        ("pt", "trinta de fevereiro"),
        ("pt", "hoje às 13h"),
        ("pt", "esta manhã"),
        ("pt", "às vinte e cinco horas"),
        ("pt", "mais tarde"),
        ("pt", "boa tarde"),
        ("pt", "há duas horas"),
        ("pt", "vou a uma reunião"),
        ("pt", "tenho um compromisso"),
        ("pt", "o meu número é o 912 345 678"),
    ],
)
def test_what_is_no_moment(language: str, text: str) -> None:
    assert parsed(text, language) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "dix ans"),
        ("fr", "cinquante mille euros"),
        ("fr", "dans l'après-midi"),
        ("fr", "n'importe quand"),
        ("fr", "à trois"),
        ("es", "diez años"),
        ("es", "cincuenta mil euros"),
        ("es", "por la tarde"),
        ("es", "me da igual"),
        ("es", "las dos"),
        ("pt", "dez anos"),
        ("pt", "cinquenta mil euros"),
        ("pt", "de tarde"),
        ("pt", "tanto faz"),
        ("pt", "às três"),
    ],
)
def test_unasked_it_takes_a_day_or_a_clear_time(language: str, text: str) -> None:
    assert parsed(text, language, asked=False) is None


@pytest.mark.parametrize(
    ("language", "whole", "part"),
    [
        ("en", "tomorrow at three", "tomorrow"),
        ("fr", "demain à trois heures", "demain"),
        ("fr", "dans deux heures", "à trois heures"),
        ("fr", "lundi matin", "lundi"),
        ("fr", "peu importe", "le 3 décembre"),
        ("es", "mañana a las tres", "mañana"),
        ("es", "dentro de dos horas", "a las tres"),
        ("es", "el lunes por la mañana", "el lunes"),
        ("pt", "amanhã às três", "amanhã"),
        ("pt", "daqui a duas horas", "às três"),
        ("pt", "segunda de manhã", "segunda"),
    ],
)
def test_a_day_wants_its_time(language: str, whole: str, part: str) -> None:
    assert moment.is_whole(Heard.of(whole, language))
    assert not moment.is_whole(Heard.of(part, language))


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        (
            "fr",
            "Alors, mardi prochain à quinze heures trente, s'il vous plaît.",
            "mardi prochain à quinze heures trente",
        ),
        ("es", "Pues el martes a las cuatro y media, por favor.", "martes a las cuatro y media"),
        ("pt", "Pode ser amanhã às nove e meia, obrigado.", "amanhã às nove e meia"),
    ],
)
def test_the_words_are_the_callers_own(language: str, text: str, words: str) -> None:
    heard = Heard.of(text, language)
    found = moment.parse(heard, NOW, True)
    assert found
    assert heard.words(found) == words


@pytest.mark.parametrize("language", LANGUAGES)
@given(at=st.datetimes(NOW + timedelta(minutes=1), NOW + timedelta(days=300)))
def test_a_moment_survives_being_said(language: str, at: datetime) -> None:
    at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    said = spoken.moment(at, NOW.date(), language)
    assert parsed(said, language) == at.isoformat(timespec="minutes"), said


_PIECES = {
    "fr": "demain|lundi|dans|à|vers|trois heures|3h|10:30|midi|le|24|et demie|moins le quart|décembre|"
    "semaine prochaine|ce soir|mois|zéro|jours",
    "es": "mañana|lunes|dentro de|a las|tres|3 h|10:30|noche|el|24|y media|menos cuarto|de diciembre|"
    "semana que viene|la tarde|mes|cero|semanas",
    "pt": "amanhã|segunda|daqui a|às|três|3h|10:30|meio-dia|dia|24|e meia|menos um quarto|de dezembro|"
    "próxima semana|da noite|mês|zero|semanas",
}


@pytest.mark.parametrize("language", sorted(_PIECES))
@given(data=st.data(), now=st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 31)))  # noqa: DTZ001 - local times
def test_never_in_the_past(language: str, data: st.DataObject, now: datetime) -> None:
    pieces = data.draw(st.lists(st.sampled_from(_PIECES[language].split("|")), max_size=6))
    value = parsed(" ".join(pieces), language, now=now)
    assert value is None or datetime.fromisoformat(value) >= now.replace(second=0, microsecond=0)


@pytest.mark.parametrize("language", sorted(_PIECES))
@given(text=st.text(), asked=st.booleans())
def test_nothing_raises(language: str, text: str, asked: bool) -> None:
    parsed(text, language, asked)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Tuesday the 24th of November at half past three"),
        ("fr", "mardi vingt-quatre novembre à quinze heures trente, si ça vous arrange"),
        ("es", "el martes veinticuatro de noviembre a las tres y media de la tarde, si les viene bien"),
        ("pt", "terça-feira, vinte e quatro de novembro, às três e meia da tarde, se lhe der jeito"),
    ],
)
def test_fast_enough_for_the_event_loop(language: str, text: str) -> None:
    moment.warm_up([language])
    heard = Heard.of(text, language)
    moment.parse(heard, NOW, True)
    took = []
    for _ in range(10):
        started = time.thread_time()
        moment.parse(heard, NOW, True)
        took.append(time.thread_time() - started)
    assert min(took) < 0.002
