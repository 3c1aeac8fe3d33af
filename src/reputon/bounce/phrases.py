"""Phrases: how mail systems and autoresponders word and mark what they mean, in the languages that they write.

Each is looked for in text that is lower-cased, with plain apostrophes and single spaces; so no pattern is compiled.
"""

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=8)  # a mail's subject and text are looked at for several signs
def plain(text: str) -> str:
    """A text in the form that phrases have."""
    return " ".join(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def says(text: str, phrases: Iterable[str]) -> bool:
    """Whether a text in that form holds one of the phrases."""
    return any(map(text.__contains__, phrases))


# Who writes bounces: words of the From field.
DAEMONS = (
    "mailer-daemon", "mailerdaemon", "postmaster", "post master", "mail delivery", "maildelivery", "mailadmin",
    "mail administrator", "mail-administrator", "mmdf", "bounce", "microsoft outlook", "mail system", "mailsystem",
    "mail server", "mailserver", "mail service", "mailservice", "daemon@", "system administrator",
    "systemadministrator", "administrateur système", "administrador del sistema", "amministratore di sistema",
    "systeembeheerder", "message delivery", "email delivery",
)  # fmt: skip

# What the subject of a bounce says.
RETURNED = (
    "undeliver", "returned mail", "mail returned", "returned to sender", "mail delivery", "mail system", "mail error",
    "mail could not", "non-deliver", "nondeliver", "non deliver", "not delivered", "bounce", "failed mail", "failure",
    "rejected", "user unknown", "could not be delivered", "could not deliver", "could not send",
    "couldn't be delivered", "can't be delivered", "cannot be delivered", "message delayed", "message could",
    "warning: message", "warning: could", "delivery status", "delivery report", "delivery notification",
    "delivery problem", "delivery error", "delivery fail", "delivery delay", "delivery has failed",
    "delivery incomplete", "delayed mail", "unzustellbar", "nicht zugestellt", "nicht zustellbar",
    "zustellung fehlgeschlagen", "zustellung verzögert", "non remis", "non distribué", "remise différée",
    "retour à l'expéditeur", "no se puede entregar", "no se pudo entregar", "no entregado", "correo devuelto",
    "não entregue", "não é possível entregar", "mensagem devolvida", "onbestelbaar", "niet bezorgd",
    "impossibile recapitare", "non recapitabile", "mancato recapito", "non consegnat", "エラー通知", "エラーメール",
    "配信不能", "配信エラー", "送信エラー", "配送エラー", "退信", "无法投递", "не доставлено", "недоставлен",
    "nie dostarczono", "niedostarczon", "doručiteln", "kan inte levereras", "kan ikke leveres", "teslim edilemedi",
    "kézbesíthetetlen",
)  # fmt: skip

# What the text of a bounce speaks of.
FAILED = (
    "could not be delivered", "couldn't be delivered", "can't be delivered", "cannot be delivered",
    "can not be delivered", "not delivered", "wasn't delivered", "not be delivered", "undeliver", "delivery attempt",
    "delivery failed", "unable to deliver", "could not deliver", "couldn't deliver", "returned to you",
    "returned to sender", "permanent error", "permanent fatal", "transcript of session", "not reach",
    "does not exist", "user unknown", "unknown user", "no such user", "has been rejected", "was rejected",
    "rejected your message", "mailbox full", "mailbox is full", "mailbox unavailable", "mailbox is unavailable",
    "mailbox not found", "gave this error", "nicht zugestellt", "unzustellbar", "n'a pas été remis",
    "n'a pas pu être", "no se pudo entregar", "no se ha podido entregar", "non è stato recapitat", "non recapitat",
    "niet bezorg", "niet worden bezorgd", "não foi entregue", "não pôde ser entregue", "送信できません",
    "配信できません", "配信に失敗", "配送できません", "无法投递", "退信", "не доставлено", "не может быть доставлено",
    "nie została dostarczona", "nie można dostarczyć", "kunde inte levereras", "kunne ikke leveres",
    "delivery to the following", "delivery to these", "delivery has failed", "has failed", "failed permanently",
    "failed to deliver", "failed address",
)  # fmt: skip

# Words that are enough where a mail system wrote them.
FAILED_LOOSELY = ("fail", "delivery to", "delivery has")

# Delivery is late, and goes on: words of the subject, and of the text.
LATE_SUBJECT = (
    "delay", "still be", "still try", "still retry", "not yet been delivered", "for past", "for the past",
    "still undelivered", "verzögert", "différée", "retardé", "retrasad", "demorad", "ritardat", "vertraagd",
    "atrasad", "遅延", "延迟", "задерж", "opóźni",
)  # fmt: skip
LATE = (
    "still trying", "still be retried", "still being retried", "still retrying", "will be retried", "will keep trying",
    "keep trying to deliver", "will continue to try", "will continue to be", "continue to be attempted",
    "continue trying", "will try again", "will retry", "delivery attempts will continue", "not yet been delivered",
    "hasn't been delivered yet", "has not been delivered yet", "has been delayed", "is delayed to",
    "still undelivered", "this is a warning", "do not need to resend", "weiterhin versucht", "wird weiter versucht",
    "noch nicht zugestellt", "n'a pas encore été", "seguirá intentando", "aún no se ha entregado",
    "non è ancora stato", "nog niet bezorgd", "ainda não foi entregue", "まだ配信されて", "再送信を",
    "еще не доставлено", "nie została jeszcze",
)  # fmt: skip
# It is over: these outweigh every word of lateness.
GAVE_UP = (
    "giving up", "given up", "gave up", "not going to try again", "will not try again", "won't try again",
    "not be retried", "won't be retried", "no further attempt", "no further delivery", "queue too long",
    "deleted from queue", "removed from the queue", "removed from the mail queue", "permanent error",
    "permanent fatal", "failed permanently", "permanent failure", "retry timeout exceeded", "message expired",
    "no such user", "user unknown", "unknown user",
)  # fmt: skip

# A program answers for a person: the beginning of the subject, and words of the first lines.
AWAY_SUBJECT = (
    "auto:", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autorespon", "automatic re",
    "automated re", "automatische antwort", "autoantwort", "automatisch antwoord", "réponse automatique",
    "respuesta automática", "risposta automatica", "resposta automática", "automatisk svar", "automatiskt svar",
    "automaattinen vastaus", "automatyczna odpowiedź", "automatická odpov", "otomatik yan", "автоответ",
    "автоматический ответ", "自動返信", "自動応答", "自动回复", "自动答复", "out of office", "out of the office",
    "ooo:", "ooo -", "abwesen", "vacation", "on vacation", "away from", "on holiday", "i am away", "i'm away",
    "absence du", "absent du", "fuera de la oficina", "fuera de oficina", "fuori ufficio", "fora do escritório",
    "afwezig", "nieobecno", "вне офиса",
)  # fmt: skip
AWAY = (
    "out of the office", "out of office", "on vacation", "on holiday", "on leave", "annual leave", "i am away",
    "i'm away", "i will be away", "not be reading my mail", "when i return", "when i am back", "i am travelling",
    "nicht im büro", "im urlaub", "bin abwesend", "außer haus", "bin nicht erreichbar", "je suis absent",
    "suis actuellement absent", "en congé", "estaré fuera", "estoy fuera", "de vacaciones", "fuori ufficio",
    "sono assente", "in ferie", "estou ausente", "estarei ausente", "de férias", "ben afwezig", "met vakantie",
    "na urlopie", "jestem nieobecn", "poza biurem", "不在に", "休暇", "休假", "på semester", "på ferie",
    "lomalla", "отпуске", "no longer work", "does not work here", "has left the company", "nicht mehr im unternehmen",
)  # fmt: skip
# A program says that it has the mail.
RECEIVED = (
    "automated response", "automatic response", "automatic confirmation", "automatic acknowledg", "automatic reply",
    "have received your", "has been received", "your request has been", "thank you for contacting",
    "thank you for your e-mail", "thank you for your message", "haben ihre anfrage", "haben ihre nachricht erhalten",
    "avons bien reçu", "hemos recibido su", "abbiamo ricevuto", "recebemos a sua", "recebemos sua", "hebben uw",
)  # fmt: skip

# The mail waits until its sender does something: what is asked for, and what for.
ASKS = (
    "click", "follow", "visit", "reply to this", "please confirm", "please verify", "fill out", "to release it",
    "add yourself", "one-time", "bestätigen sie", "klicken sie", "cliquez", "haga clic", "clicca",
)  # fmt: skip
HOLDS = (
    "held until", "being held", "confirm that you sent", "confirm your message", "sender is not known",
    "approved sender", "approved beforehand", "pre-approved", "not on my list", "guest list", "allowed list",
    "added to the recipient's", "you are a person", "you are a human", "not a robot", "sender verification",
    "sender authentication", "verify your email address to", "confirm your identity", "zurückgehalten",
    "unknown sender", "to ensure delivery of your", "spam arrest", "verify yourself", "authenticate yourself",
    "verify your message", "waitlisted", "permission to send", "autorizar o envio", "my list of contacts",
)  # fmt: skip

# Somebody complains of spam.
COMPLAINS = (
    "complaint about message from", "abuse report", "spam complaint", "email feedback report", "abuse complaint",
    "[abuse] ", "spam report about",
)  # fmt: skip

# A machine reports on something else than a message that its reader wrote.
NEWS_SUBJECT = ("report domain:", "quarantine", "spam digest", "digest of held", "quarantäne", "confirm subscription")
OWN_MAILBOX = (
    "your mailbox", "your account has", "your account is", "your storage", "ihr postfach", "votre boîte", "su buzón",
    "tu buzón", "la tua casella", "la sua casella", "uw postvak", "uw mailbox", "sua caixa", "あなたのメールボックス",
)  # fmt: skip
ABOUT_A_MESSAGE = ("your message", "your mail to", "your email to", "your e-mail", "message you sent", "ihre nachricht",
                   "votre message", "su mensaje", "il messaggio", "uw bericht", "sua mensagem")  # fmt: skip

# What mail programs put before the subject of an answer.
ANSWERS = ("re", "aw", "sv", "vs", "antw", "antwort", "odp", "rif", "res", "ynt", "回复", "答复", "返信")

# Fields that mark what a mail is.
NDR_FIELDS = ("x-failed-recipients", "x-failed-recipient", "x-ms-exchange-message-is-ndr")
AUTOREPLY_FIELDS = ("x-autoreply", "x-autorespond", "x-autogenerated", "x-auto-response-suppress-reply", "x-vacation")
CHALLENGE_FIELDS = ("x-delivery-agent", "x-tmda-fingerprint", "x-challenge")
COMPLAINT_FIELDS = ("x-xarf", "x-arf", "x-hmxmroriginalrecipient")
NEWS_FIELDS = ("tls-report-domain", "x-list-administrivia")
BOUNCE_ADDRESSES = ("bounce", "-admin@", "-owner@", "-request@", "-return", "mailer-daemon", "no-reply", "noreply")
LIST_FIELDS = ("list-id", "list-post", "list-unsubscribe")
ANSWER_FIELDS = ("in-reply-to", "references")
BULK = ("bulk", "junk", "auto_reply", "auto-reply")
MAIL_FIELDS = (
    "date",
    "received",
    "message-id",
    "return-path",
    "mime-version",
)  # one of these has every mail, and no pasted text
SUBJECT_FIELDS = ("subject", "betreff", "objet", "asunto", "oggetto", "onderwerp", "assunto", "件名")
