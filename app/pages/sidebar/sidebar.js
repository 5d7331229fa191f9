/*
 * The sidebar: one page over a host (see `host.js`). It asks for the customer's view, shows it, asks
 * again while somebody looks, and opens one form at a time.
 */

import { button, el, icon } from "./dom.js";
import { openPanel } from "./panel.js";
import { codeButtons, nameOf, showRest, showTop } from "./view.js";
import { makeWords } from "./words.js";

const POLL_MS = 15_000;
const SOON_MS = 2_500;
const TICK_MS = 5_000;
const OLD_MS = 600_000;

/**
 * Start the sidebar in an element.
 *
 * Answers {refresh, stop}: `refresh()` asks for the view at once, `stop()` ends every timer.
 */
export function start(host, root) {
    const words = makeWords(host.texts);
    const { t } = words;
    const opened = new Set();
    let turn = 0; // counts customers: what belongs to an earlier one is dropped
    let who = { id: null, ticketId: null };
    let can = { names: new Set(), limits: {}, reasons: [], currency: null };
    let tiers = null;
    let incremental = new Set();
    let view = null;
    let etag = null;
    let shown = null; // what the page shows, to be left alone while it is the same
    let failed = null;
    let asking = 0;
    let staleTurns = 0;
    let panel = null;
    let timer = null;
    let active = true;

    const live = el("p", { class: "unseen", role: "status" });
    const notices = el("div", { class: "notices" });
    const top = el("div", { class: "top" });
    const rest = el("div", { class: "rest" });
    const place = el("div", { class: "place" });
    const age = el("span", {});
    const refreshing = button(null, () => refresh({ aloud: true }), {
        kind: "small",
        mark: "refresh",
        label: t("refresh"),
        focus: "refresh",
    });
    const foot = el("footer", { class: "foot", hidden: true }, age, refreshing);
    root.replaceChildren(notices, top, place, rest, foot, live);
    root.classList.add("sidebar");

    const desk = {
        words,
        opened,
        canInsert: host.canInsert,
        reasons: [],
        limits: {},
        view: () => view,
        id: () => who.id,
        name: () => view?.customer?.first_name || nameOf(view, who.id) || t("nobody"),
        currency: () => view?.balance?.currency ?? can.currency,
        tiers: () => tiers,
        isIncremental: (id) => incremental.has(id),
        may: (action) => host.canWrite && can.names.has(action),
        open,
        offer,
        async copy(code) {
            try {
                await host.copy(code);
                say(t("copied", { code }));
            } catch {
                say(t("not_copied"));
            }
        },
        insert(code) {
            host.insert(code);
            say(t("inserted", { code }));
        },
    };

    /** Ask for what may be done, and for the shop's lists; each is worth having without the other. */
    async function learn() {
        if (!host.canWrite) return;
        const list = await ask("", {});
        if (list?.status !== 200) return;
        const { actions = [], limits = {}, reasons = [], currency = null } = list.body;
        can = { names: new Set(actions.map((each) => each.name)), limits, reasons, currency };
        Object.assign(desk, { limits, reasons });
        paint(true);
        const [ladder, rewards] = await Promise.all([
            can.names.has("list_vip_tiers") ? ask("list_vip_tiers", {}) : null,
            can.names.has("list_rewards") ? ask("list_rewards", {}) : null,
        ]);
        tiers = ladder?.body?.vip_tiers ?? null;
        const rows = rewards?.body?.rewards ?? [];
        incremental = new Set(
            rows.filter((each) => each.points_type === "multiplier").map((each) => each.id),
        );
        paint(true);
    }

    async function ask(action, inputs, how = {}) {
        try {
            return await host.call(action, inputs, how);
        } catch {
            return null;
        }
    }

    /** Find out whom it is about now, and start over. */
    async function meet() {
        turn += 1;
        const mine = turn;
        panel = null;
        view = etag = shown = failed = null;
        staleTurns = 0;
        opened.clear();
        place.replaceChildren();
        wait();
        const found = await host.customer().catch(() => ({ id: null, ticketId: null }));
        if (mine !== turn) return;
        who = found;
        if (who.id === null && host.name !== "link") {
            state("person", t("no_email"), t("no_email_more"));
            return;
        }
        await refresh();
    }

    /** Ask for the view, and show it if it is another than before. */
    async function refresh({ aloud = false } = {}) {
        if (who.id === null && host.name !== "link") return;
        clearTimeout(timer);
        asking += 1;
        const [mine, number] = [turn, asking];
        if (aloud) root.setAttribute("aria-busy", "true");
        const answer = await ask("get_sidebar", who.id === null ? {} : { customer_email: who.id }, {
            etag,
        });
        if (mine !== turn || number !== asking) return;
        root.removeAttribute("aria-busy");
        take(answer);
        if (aloud) say(failed ? t("down") : t("refreshed"));
        later(staleTurns === 1 ? SOON_MS : POLL_MS);
    }

    function take(answer) {
        const status = answer?.status ?? 0;
        if (status === 200 && answer.body) {
            const first = view === null;
            view = answer.body;
            etag = answer.etag;
            failed = null;
            if (first) say(t("shown", { name: nameOf(view, who.id) }));
        } else if (status === 304 && view) {
            failed = null;
        } else {
            failed = { status, error: answer?.body?.error ?? null };
            if ([401, 403].includes(status)) view = etag = null;
        }
        staleTurns = view?.stale && !failed ? staleTurns + 1 : 0;
        paint();
    }

    /** Ask again after a while, if somebody looks then. */
    function later(wait) {
        clearTimeout(timer);
        if (failed?.status === 401 && host.name === "link") return;
        if (active && !document.hidden) timer = setTimeout(refresh, wait);
    }

    function paint(again = false) {
        tick();
        if (!view) {
            if (failed) trouble();
            return;
        }
        if (view.found === false) {
            state("person", t("not_member"), t("not_member_more", { id: who.id ?? "" }));
            return;
        }
        const { as_of: _at, parts, stale: _stale, ...rows } = view;
        const errors = Object.values(parts).map((part) => part.error);
        const now = JSON.stringify([rows, errors]);
        if (!again && now === shown) return;
        shown = now;
        const focus = root.contains(document.activeElement)
            ? document.activeElement.dataset.focus
            : null;
        top.replaceChildren(...showTop(desk, view));
        rest.replaceChildren(...showRest(desk, view));
        rest.hidden = panel !== null;
        foot.hidden = false;
        if (focus) find(focus)?.focus();
        fit();
    }

    function trouble() {
        const { status, error } = failed;
        const again = button(t("retry"), () => refresh({ aloud: true }), { focus: "retry" });
        if (status === 401 && host.name === "link") state("wait", t("expired"), t("expired_more"));
        else if ([401, 403, 404].includes(status)) state("cloud", t("closed"), error, again);
        else state("cloud", t("down"), error ?? t("down_more"), again);
    }

    /** Show a state in place of a customer. */
    function state(mark, title, more, ...content) {
        const now = JSON.stringify([title, more]);
        foot.hidden = view === null;
        if (shown === now) return;
        shown = now;
        top.replaceChildren();
        place.replaceChildren();
        rest.hidden = false;
        rest.replaceChildren(
            el(
                "div",
                { class: "state" },
                el("span", { class: "mark" }, icon(mark)),
                el("h1", { tabindex: -1 }, title),
                more && el("p", { class: "quiet" }, more),
                ...content,
            ),
        );
        say(title);
        fit();
    }

    function wait() {
        notices.replaceChildren();
        foot.hidden = true;
        rest.hidden = false;
        top.replaceChildren();
        rest.replaceChildren(
            el(
                "div",
                { class: "skeleton", role: "img", "aria-label": t("loading") },
                ...["a", "b", "c", "d"].map((each) => el("div", { class: each })),
            ),
        );
        fit();
    }

    /** Say how old the view is, and whether it could not be had anew. */
    function tick() {
        if (!view) return;
        const ago = words.ago(view.as_of);
        age.textContent = t("updated", { ago });
        const old = Date.now() - new Date(view.as_of).getTime() > OLD_MS;
        const text = failed
            ? t("kept", { ago })
            : view.stale && (staleTurns > 1 || old)
              ? t("stale", { ago })
              : null;
        const there = notices.querySelector(".old");
        if (text === null) there?.remove();
        else if (there) there.lastChild.textContent = text;
        else notices.prepend(el("p", { class: "note old" }, icon("wait"), el("span", {}, text)));
    }

    function open(form, ...given) {
        const opener = document.activeElement?.dataset?.focus ?? null;
        const made = form(desk, ...given);
        const mine = turn;
        const name = desk.name();
        const id = who.id;
        const own = openPanel(made, {
            words,
            close() {
                if (panel !== own) return;
                panel = null;
                place.replaceChildren();
                rest.hidden = false;
                (find(opener) ?? root.querySelector("h1"))?.focus();
                fit();
            },
            send: (action, inputs, key) =>
                ask(action, made.anonymous ? inputs : { customer_email: id, ...inputs }, {
                    write: true,
                    key,
                }),
            ended(what) {
                if (mine === turn) refresh();
                else notice(t("elsewhere", { name, what }));
            },
            show: fit,
        });
        panel = own;
        rest.hidden = true;
        place.replaceChildren(own.node);
        own.start();
    }

    function offer({ code }) {
        return el("p", { class: "row code" }, el("code", {}, code), codeButtons(desk, code));
    }

    /** Tell of something that is not about whom is shown. */
    function notice(text) {
        const node = el("p", { class: "note" }, el("span", {}, text));
        node.append(
            button(
                null,
                () => {
                    node.remove();
                    fit();
                },
                { kind: "small", mark: "close", label: t("dismiss") },
            ),
        );
        notices.append(node);
        say(text);
        fit();
    }

    function say(text) {
        live.textContent = text;
    }

    function find(name) {
        if (!name) return null;
        const found = [...root.querySelectorAll("[data-focus]")].find(
            (each) => each.dataset.focus === name,
        );
        return found && !found.closest("[hidden]") ? found : null;
    }

    function fit() {
        host.resize(Math.ceil(root.getBoundingClientRect().height));
    }

    function dress() {
        const scheme = host.scheme();
        if (scheme) document.documentElement.dataset.scheme = scheme;
        else delete document.documentElement.dataset.scheme;
    }

    function look() {
        if (active && !document.hidden) refresh();
        else clearTimeout(timer);
    }

    dress();
    host.onScheme(dress);
    host.onCustomer(meet);
    host.onActive?.((now) => {
        active = now;
        look();
    });
    document.addEventListener("visibilitychange", look);
    const ticking = setInterval(tick, TICK_MS);
    const sized = new ResizeObserver(fit);
    sized.observe(root);
    learn();
    meet();

    return {
        refresh,
        stop() {
            turn += 1;
            active = false;
            clearTimeout(timer);
            clearInterval(ticking);
            sized.disconnect();
            document.removeEventListener("visibilitychange", look);
        },
    };
}
