"""What the corpus is made of: the most frequent words of three languages, and pieces that rarer ones are made of."""

from __future__ import annotations

FREQUENT = {
    "en": """
        the to and of a in is it you that he was for on are with as his they be at one have this from or had by
        but what some we can out other were all there when up use your how said an each she which do their time
        if will way about many then them
    """,
    "ru": """
        и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой весь год от так о
        для ты же все тот мочь вы человек такой его сказать только или ещё бы себя один как уже до время если
        сам когда другой вот говорить наш
    """,
    "zh": """
        的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后
        小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长
        知民样现分将外但身些与高意进把法此实回二
    """,
}
PIECES = {
    "en": """
        ab ac ad ag al am an ap ar as at be bi bo ca ce ch co cr de di do ea ec ed el en er es ex fa fi for ful
        gen gra ha hi ho ic id il im in ing ion is it ive ka la le li ly ma me ment mi mo na ne ni no ol om on
        or ou pe po pre pro qui ra re ri ro sa se sh si so sta ste str ta te th ti tion to tra tur un ur us ve
        vi wa wi xy ya zo
    """,
    "ru": """
        ба бе бо ва ве ви во вы га го гри да де дел до ди ев еж ен ер ес жа жи за зем зи ие ин ист ить ка ки кла
        ко кра ку ла ле ли ло лу ма ме мен ми мо на не ни но ну об ов ой ом он ор ость па пе пи по пра при пу ра
        ре ри ро са се ска сло ся ста те ти то тра ту ть фа фон ха хо це че чи ша шко щи эта юно ый ям ять
    """,
}


def frequent(language: str) -> list[str]:
    """The most frequent first; of Chinese, characters."""
    words = FREQUENT[language].split()
    return list("".join(words)) if language == "zh" else words


def pieces(language: str) -> list[str]:
    return PIECES[language].split() if language in PIECES else frequent(language)
