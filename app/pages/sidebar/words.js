/* Texts, numbers, money and dates, as people read them. */

import { TEXTS } from "./texts.js";

const DAY = 86_400_000;
const STEPS = [
    ["day", DAY],
    ["hour", 3_600_000],
    ["minute", 60_000],
    ["second", 1_000],
];

/** Put together whatever speaks; `more` holds texts in place of the catalogue's. */
export function makeWords(more = {}) {
    const texts = { ...TEXTS, ...more };
    const own = navigator.language || texts.locale;
    const locale = own.split("-")[0] === texts.locale.split("-")[0] ? own : texts.locale;
    const plural = new Intl.PluralRules(locale);
    const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
    const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
    const calendar = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
    const local = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
    const birthday = new Intl.DateTimeFormat(locale, {
        month: "long",
        day: "numeric",
        timeZone: "UTC",
    });
    const monthName = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" });

    /** Say a text of the catalogue, or `otherwise`; numbers among the values are spelled. */
    function t(name, values = {}, otherwise = name) {
        const found = texts[name] ?? otherwise;
        const form = typeof found === "string" ? found : found[plural.select(values.count)];
        const spelled = (value) => (typeof value === "number" ? number(value) : (value ?? ""));
        return (form ?? found.other).replace(/\{(\w+)\}/g, (_, key) => spelled(values[key]));
    }

    function number(value) {
        return whole.format(value).replace("-", "−");
    }

    /** Spell an amount of money, given as decimal text; without a currency it is a number. */
    function money(amount, currency, more = {}) {
        const style = currency
            ? { style: "currency", currency, ...more }
            : { minimumFractionDigits: 2, ...more };
        return new Intl.NumberFormat(locale, style).format(amount).replace("-", "−");
    }

    /** Spell a date; one without a time is a day of the calendar, the same everywhere. */
    function date(text) {
        const moment = new Date(text);
        if (Number.isNaN(moment.getTime())) return text;
        return (text.length === 10 ? calendar : local).format(moment);
    }

    function ago(text) {
        const passed = Math.max(0, Date.now() - new Date(text).getTime());
        if (!(passed >= 10_000)) return t("now");
        const [unit, length] = STEPS.find((step) => passed >= step[1]);
        return relative.format(-Math.floor(passed / length), unit);
    }

    /** Spell a birthday: `MM-DD`, with a year before it or without. */
    function dayOfYear(text) {
        const [month, day] = text.split("-").slice(-2).map(Number);
        return birthday.format(Date.UTC(2024, month - 1, day));
    }

    return {
        locale,
        t,
        number,
        money,
        date,
        ago,
        dayOfYear,
        percent: (share) => new Intl.NumberFormat(locale, { style: "percent" }).format(share),
        month: (index) => monthName.format(Date.UTC(2024, index, 1)),
        points: (count) => t("n_points", { count }),
        signed: (text, value) => (value > 0 ? `+${text}` : text),
    };
}

/** Count the days from today to a day of the calendar. */
export function daysUntil(text) {
    const now = new Date();
    const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
    return Math.round((new Date(text.slice(0, 10)).getTime() - today) / DAY);
}

/** Read decimal text as whole thousandths, so that sums are exact; null where it is none. */
export function thousandths(text) {
    const found = /^(-?)(\d{1,9})(?:\.(\d{1,3}))?\d*$/.exec(String(text ?? ""));
    if (!found) return null;
    const amount = Number(found[2]) * 1000 + Number((found[3] ?? "").padEnd(3, "0"));
    return found[1] ? -amount : amount;
}

/** Spell thousandths as decimal text, with two decimals where that is exact. */
export function decimal(amount) {
    const text = (Math.abs(amount) / 1000).toFixed(3);
    return (amount < 0 ? "-" : "") + (text.endsWith("0") ? text.slice(0, -1) : text);
}
