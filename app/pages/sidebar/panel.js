/* One opened form, from what is typed to what did happen: fill in, confirm, result. */

import { button, el, icon } from "./dom.js";
import { makeKey } from "./host.js";
import { mayAskAgain, outcomeOf, settlesItself } from "./outcome.js";

const LOOK_MS = 10_000;
const LOOKS = 15;
const MARKS = {
    done: "check",
    already: "check",
    unknown: "wait",
    waiting: "wait",
    running: "wait",
};

/**
 * Open a form; `form` is what a form answers (see `fields.js`).
 *
 * `desk` is {words, say, send, ended, close}: `send(action, inputs, key)` answers what came back, or
 * null; `ended(words, outcome)` hears of every answer; `close()` puts the view back. Answers {node,
 * start, renew}: `renew()` says that there is a newer view.
 */
export function openPanel(form, desk) {
    const { t } = desk.words;
    const heading = el("h2", { tabindex: -1, id: "panel-title" });
    const body = el("div", { class: "panel-body" });
    const node = el("section", { class: "panel", "aria-labelledby": heading.id }, heading, body);
    const what = el("div", { class: "panel-body" });
    const fields = Object.values(form.fields);
    const wrongForm = el("p", { class: "wrong", role: "alert", hidden: true });
    const fillable = el(
        "form",
        { novalidate: true, on: { submit: check } },
        fields.map((field) => field.node),
        wrongForm,
        el(
            "div",
            { class: "buttons" },
            el("button", { class: "button primary", type: "submit" }, t("go_on")),
            button(t("close"), desk.close),
        ),
    );
    let key = makeKey();
    let wanted = null;
    let busy = false;
    let looks = 0;

    function page(step, title, ...content) {
        node.dataset.step = step;
        delete node.dataset.outcome;
        heading.replaceChildren(title);
        body.replaceChildren(...content.filter(Boolean));
    }

    function fill(wrong = {}) {
        page("fill", form.title, fillable);
        wrongForm.hidden = !wrong.form;
        wrongForm.textContent = wrong.form ?? "";
        for (const [name, field] of Object.entries(form.fields)) field.fail(wrong[name] ?? null);
        const first = Object.keys(form.fields).find((name) => wrong[name]) ?? form.first;
        (form.fields[first] ?? fields[0])?.focus();
    }

    function check(event) {
        event?.preventDefault();
        const { wrong, inputs } = form.check();
        if (Object.keys(wrong).length) {
            fill(wrong);
            return;
        }
        // Something else is wanted now: that is another intention.
        if (wanted && JSON.stringify(inputs) !== JSON.stringify(wanted)) key = makeKey();
        wanted = inputs;
        confirm();
    }

    function confirm() {
        const { ask, act, danger } = form.confirm(wanted);
        const go = button(act, () => send(go), { kind: danger ? "primary danger" : "primary" });
        page(
            "confirm",
            ask,
            what,
            el(
                "div",
                { class: "buttons" },
                go,
                button(
                    t(fields.length ? "back" : "close"),
                    fields.length ? () => fill() : desk.close,
                ),
            ),
        );
        renew();
        heading.focus();
    }

    /** Say what will happen by the newest view, which may be newer than the question. */
    function renew() {
        if (node.dataset.step !== "confirm") return;
        const { says, notes = [], facts = [] } = form.confirm(wanted);
        what.replaceChildren(
            el("p", {}, says),
            ...(facts.length ? [el("dl", { class: "facts" }, facts.map(fact))] : []),
            ...notes.map((text) => el("p", { class: "note" }, icon("warn"), el("span", {}, text))),
        );
    }

    async function send(go) {
        if (busy) return;
        busy = true;
        node.setAttribute("aria-busy", "true");
        go.setAttribute("aria-disabled", "true");
        go.firstChild.textContent = t("sending");
        desk.say(t("sending"));
        const outcome = outcomeOf(await desk.send(form.action, wanted, key));
        busy = false;
        node.removeAttribute("aria-busy");
        tell(outcome);
        if (node.dataset.step !== "result") return;
        heading.focus();
        desk.ended(heading.textContent, outcome);
    }

    function tell(outcome) {
        const { kind, operation, error } = outcome;
        if (kind === "field") {
            refuseField(outcome);
            return;
        }
        const told = kind === "done" ? form.done(outcome.body, wanted) : {};
        const more = kind === "done" ? told.more : t(`${kind}_more`);
        const reason = ["refused", "not_sent"].includes(kind) && error;
        page(
            "result",
            told.heading ?? t(kind),
            reason && el("p", { class: "said" }, reason),
            more && el("p", {}, more),
            ...(told.content ?? []),
            el("div", { class: "buttons" }, ...waysOn(outcome)),
            operation &&
                el("p", { class: "operation" }, t("operation"), el("code", {}, operation.id)),
        );
        node.dataset.outcome = kind;
        heading.prepend(el("span", { class: `mark ${kind}` }, icon(MARKS[kind] ?? "warn")));
        if (settlesItself(outcome)) later();
    }

    function waysOn(outcome) {
        const { kind, body: answer } = outcome;
        const done = kind === "done";
        const again = button(t(kind === "not_sent" ? "retry" : "ask_again"), () => send(again));
        return [
            button(t(done ? "done" : "leave"), desk.close, { kind: done ? "primary" : "" }),
            mayAskAgain(outcome) && again,
            kind === "refused" && fields.length > 0 && button(t("change"), anew),
            done && form.undo && form.undo(answer),
        ].filter(Boolean);
    }

    /** An input is wrong, and the service saw it first. */
    function refuseField({ body: { field: input, error } }) {
        const name = form.names?.[input] ?? input;
        if (fields.length) fill({ [form.fields[name] ? name : "form"]: error });
        else tell({ kind: "refused", operation: null, error });
    }

    /** What was refused is over; whatever comes now is another intention. */
    function anew() {
        key = makeKey();
        fill();
    }

    /** Ask by itself what became of it: the same key asks, and sends nothing. */
    function later() {
        if (looks >= LOOKS) return;
        looks += 1;
        const mine = node.querySelector(".buttons");
        setTimeout(async () => {
            if (busy || !mine.isConnected) return;
            const outcome = outcomeOf(await desk.send(form.action, wanted, key));
            if (busy || !mine.isConnected) return;
            if (outcome.kind === node.dataset.outcome || outcome.kind === "lost") {
                later();
                return;
            }
            const here = node.contains(document.activeElement);
            tell(outcome);
            if (here) heading.focus();
            else desk.say(heading.textContent);
            desk.ended(heading.textContent, outcome);
        }, LOOK_MS);
    }

    function fact([name, ...values]) {
        return el("div", {}, el("dt", {}, name), el("dd", {}, values));
    }

    node.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || busy) return;
        event.preventDefault();
        if (node.dataset.step === "confirm" && fields.length) fill();
        else desk.close();
    });

    return { node, renew, start: () => (fields.length ? fill() : check()) };
}
