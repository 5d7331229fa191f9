/* Who it is and what there is: the part of the view that stays while a form is open. */

import { el, icon } from "./dom.js";
import { daysUntil, thousandths } from "./words.js";

const SOON_DAYS = 30;
const OUTSIDE = ["guest", "excluded"];

/** Name the customer as an agent would. */
export function nameOf(view, id) {
    const { first_name: first, last_name: last, email } = view?.customer ?? {};
    return [first, last].filter(Boolean).join(" ") || email || id || "";
}

/** Show who it is, whether they take part, and the balance with its end. */
export function showTop(desk, view) {
    const { t, number, money } = desk.words;
    const { customer, balance } = view;
    const name = nameOf(view, desk.id()) || t("nobody");
    const mail = customer?.email;
    const status = customer?.loyalty_status;
    if (!balance)
        return [who(desk, view, name, mail), el("p", { class: "trouble" }, t("no_balance"))];
    const { points, credits, currency } = balance;
    return [
        who(desk, view, name, mail),
        OUTSIDE.includes(status) && el("p", { class: "note plain" }, t(status)),
        el(
            "div",
            { class: "balance" },
            el(
                "dl",
                { class: "figures" },
                figure(t("points"), points === null ? "–" : number(points)),
                figure(t("store_credit"), credits === null ? "–" : money(credits, currency)),
            ),
            points > 0 && expiry(desk, balance.points_expire_at, ""),
            thousandths(credits) > 0 && expiry(desk, balance.credits_expire_at, "credit_"),
        ),
    ].filter(Boolean);
}

function who({ words: { t } }, { customer, tier }, name, mail) {
    const status = customer?.loyalty_status;
    const known = OUTSIDE.includes(status) ? t(`status_${status}`) : status;
    const chip = status === "member" ? (tier?.name ?? t("status_member")) : known;
    return el(
        "header",
        { class: "who" },
        el(
            "div",
            {},
            el("h1", { tabindex: -1, data: { focus: "name" } }, name),
            mail && mail !== name && el("p", { class: "quiet clip", title: mail }, mail),
        ),
        chip && el("span", { class: `chip ${status === "member" ? "good" : ""}` }, chip),
    );
}

function figure(label, value) {
    return el("div", {}, el("dt", {}, label), el("dd", {}, value));
}

function expiry({ words: { t, date } }, day, prefix) {
    if (!day) return null;
    const count = daysUntil(day);
    const soon = count >= 0 && count <= SOON_DAYS;
    const near = ["expire_today", "expire_tomorrow"][count] ?? "expire_soon";
    const when = count < 0 ? "expired_on" : soon ? near : "expire_on";
    const text = t(prefix + when, { count, date: date(day) });
    return el(
        "p",
        { class: soon ? "expiry soon" : "expiry" },
        soon && icon("wait"),
        el("span", {}, text),
    );
}
