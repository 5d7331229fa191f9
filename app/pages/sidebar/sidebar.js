/*
 * The sidebar: one page over a host (see `host.js`). It shows the newest view of a customer, and one
 * form at a time.
 */

import { button, el, icon } from "./dom.js";
import { makeLearning } from "./learning.js";
import { skeleton } from "./parts.js";
import { makeSpeaker } from "./speaking.js";
import { nameOf, showTop } from "./top.js";
import { showRest } from "./view.js";
import { codeButtons } from "./wallet.js";
import { makeWatch } from "./watching.js";
import { makeWords } from "./words.js";

const TICK_MS = 5_000;
const OLD_MS = 600_000;
const RELEASES = ["pointerup", "pointercancel"];
const OWN_PARTS = ["customer", "activity", "codes", "membership"];

/**
 * Start the sidebar in an element.
 *
 * Answers {refresh, stop}: `refresh()` asks for the view at once, `stop()` ends every timer.
 */
export function start(host, root) {
    const words = makeWords(host.texts);
    const { t } = words;
    const opened = new Set();
    let turn = 0; // counts customers, so that what belongs to an earlier one is known
    let active = true;
    let greeted = false;
    let shown = null; // what the page shows, which is left alone while it stays the same
    let panel = null;
    let pressed = false; // between press and click nothing is replaced, or the click would be lost
    let owed = false;

    const { live, notices, say, notice, warn } = makeSpeaker(words);
    const top = el("div", { class: "top" });
    const place = el("div", { class: "place" });
    const rest = el("div", { class: "rest" });
    const age = el("span");
    const again = button(null, () => refresh(true), {
        kind: "small",
        mark: "refresh",
        label: t("refresh"),
        focus: "refresh",
    });
    const foot = el("footer", { class: "foot", hidden: true }, age, again);

    const watch = makeWatch({
        ask: (id, etag) => ask("get_sidebar", id === null ? {} : { customer_email: id }, { etag }),
        changed: paint,
        ends: host.name === "link",
    });
    const known = makeLearning({ ask, learned: repaint });

    /** What forms and parts of the view may know and do. */
    const desk = {
        words,
        opened,
        canInsert: host.canInsert,
        limits: () => known.limits,
        reasons: () => known.reasons,
        view: () => watch.view,
        id: () => watch.id,
        name: () => watch.view?.customer?.first_name || nameOf(watch.view, watch.id) || t("nobody"),
        currency: () => watch.view?.balance?.currency ?? known.currency,
        tiers: () => known.tiers,
        isFree: (rewardId) => known.free.has(rewardId),
        prices: () => known.prices(),
        may: (action) => host.canWrite && known.names.has(action),
        open,
        offer: ({ code }) =>
            el("p", { class: "row code" }, el("code", {}, code), codeButtons(desk, code)),
        async copy(code) {
            try {
                await host.copy(code);
            } catch {
                notice(t("not_copied", { code }));
                return false;
            }
            say(t("copied", { code }));
            return true;
        },
        async insert(code) {
            try {
                await host.insert(code);
            } catch {
                notice(t("not_inserted", { code }));
                return false;
            }
            say(t("inserted", { code }));
            return true;
        },
    };

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
        opened.clear();
        greeted = false;
        watch.about(undefined);
        notices.replaceChildren();
        blank(el("h1", { class: "unseen" }, t("loading")), skeleton());
        const who = await host.customer().catch(() => null);
        if (mine !== turn) return;
        if (!who || (who.id === null && host.name !== "link")) {
            state("person", t("no_email"), t("no_email_more"));
            return;
        }
        watch.about(who.id);
        await watch.refresh();
    }

    async function refresh(aloud = false) {
        if (aloud) root.setAttribute("aria-busy", "true");
        await watch.refresh({ aloud });
        root.removeAttribute("aria-busy");
        if (aloud) say(watch.failed ? t("down") : t("refreshed"));
    }

    function paint() {
        owed = pressed;
        if (owed) return;
        tick();
        const { view, failed, id } = watch;
        if (!view) {
            if (failed) trouble(failed);
            return;
        }
        if (!failed && host.canWrite) known.learn();
        if (view.found === false) {
            state("person", t("not_member"), t("not_member_more", { id }));
            return;
        }
        const { as_of: _, stale: __, parts, ...rows } = view;
        const now = JSON.stringify([rows, Object.values(parts).map((part) => part.error)]);
        if (now === shown) return;
        shown = now;
        const focus = root.contains(document.activeElement) && document.activeElement.dataset.focus;
        top.replaceChildren(...showTop(desk, view));
        rest.replaceChildren(...showRest(desk, view));
        rest.hidden = panel !== null;
        foot.hidden = false;
        panel?.renew();
        find(focus)?.focus();
        if (!greeted) say(t("shown", { name: nameOf(view, id) }));
        greeted = true;
    }

    function repaint() {
        shown = null;
        paint();
    }

    function trouble({ status, error }) {
        const retry = button(t("retry"), () => refresh(true), { focus: "retry" });
        const expired = status === 401 && host.name === "link";
        if (expired) state("wait", t("expired"), t("expired_more"));
        else if ([401, 403, 404].includes(status)) state("cloud", t("closed"), error, retry);
        else state("cloud", t("down"), error ?? t("down_more"), retry);
    }

    /** Show a state in place of a customer. */
    function state(mark, title, more, ...content) {
        const now = JSON.stringify([title, more]);
        if (shown === now) return;
        blank(
            el(
                "div",
                { class: "state" },
                el("span", { class: "mark" }, icon(mark)),
                el("h1", { tabindex: -1 }, title),
                more && el("p", { class: "quiet" }, more),
                content,
            ),
        );
        shown = now;
        foot.hidden = watch.view === null;
        say(title);
    }

    function blank(...content) {
        panel = null;
        shown = null;
        top.replaceChildren();
        place.replaceChildren();
        rest.replaceChildren(...content);
        rest.hidden = false;
        foot.hidden = true;
    }

    /** Say how old the customer's own parts are, and whether they could not be had anew. */
    function tick() {
        const { view, failed, doubtful } = watch;
        const times = OWN_PARTS.map((name) => view?.parts[name].as_of).filter(Boolean);
        const since = times.sort()[0] ?? view?.as_of;
        const ago = since && words.ago(since);
        age.textContent = since ? t("updated", { ago }) : "";
        const isOld = view?.stale && Date.now() - new Date(since).getTime() > OLD_MS;
        warn(view && (doubtful || isOld) ? t(failed ? "kept" : "stale", { ago }) : null);
    }

    /** Open a form in place of what stands below the balance. */
    async function open(form, ...given) {
        const opener = document.activeElement?.dataset?.focus;
        const [mine, name, { id }] = [turn, desk.name(), watch];
        const forms = await fetchForms().catch(() => null);
        if (mine !== turn) return;
        if (!forms) {
            notice(t("not_opened"));
            return;
        }
        const made = forms[form](desk, ...given);
        const own = forms.openPanel(made, {
            words,
            say,
            close() {
                if (panel !== own) return;
                panel = null;
                place.replaceChildren();
                rest.hidden = false;
                (find(opener) ?? root.querySelector("h1"))?.focus();
            },
            send(action, inputs, key) {
                const whose = made.anonymous ? {} : { customer_email: id };
                return ask(action, { ...whose, ...inputs }, { write: true, key });
            },
            ended(what, { kind, body }) {
                if (mine !== turn) {
                    notice(t("elsewhere", { name, what }));
                    return;
                }
                const after = body?.customer;
                if (kind === "done" && after?.points_tally !== undefined) watch.amend(after);
                watch.refresh();
            },
        });
        panel = own;
        rest.hidden = true;
        place.replaceChildren(own.node);
        own.start();
    }

    function find(name) {
        const all = name ? [...root.querySelectorAll("[data-focus]")] : [];
        return all.find((each) => each.dataset.focus === name && !each.closest("[hidden]")) ?? null;
    }

    function dress() {
        const scheme = host.scheme();
        if (scheme) document.documentElement.dataset.scheme = scheme;
        else delete document.documentElement.dataset.scheme;
    }

    function press() {
        pressed = true;
    }

    function release() {
        pressed = false;
        if (owed) setTimeout(paint); // after the click
    }

    function look() {
        watch.wake(active && !document.hidden);
    }

    root.classList.add("sidebar");
    for (const sign of host.canWrite ? ["pointerenter", "focusin"] : []) {
        root.addEventListener(sign, () => fetchForms().catch(() => {}), { once: true });
    }
    root.addEventListener("pointerdown", press);
    for (const end of RELEASES) addEventListener(end, release);
    root.replaceChildren(notices, top, place, rest, foot, live);
    dress();
    host.onScheme(dress);
    host.onCustomer(meet);
    host.onActive?.((now) => {
        active = now;
        look();
    });
    document.addEventListener("visibilitychange", look);
    const ticking = setInterval(tick, TICK_MS);
    const sized = new ResizeObserver(() =>
        host.resize(Math.ceil(root.getBoundingClientRect().height)),
    );
    sized.observe(root);
    if (document.hidden) watch.wake(false);
    if (host.canWrite) known.learn();
    meet();

    return {
        refresh,
        stop() {
            turn += 1;
            watch.stop();
            clearInterval(ticking);
            sized.disconnect();
            root.removeEventListener("pointerdown", press);
            for (const end of RELEASES) removeEventListener(end, release);
            document.removeEventListener("visibilitychange", look);
        },
    };
}

/** Fetch the forms; the browser does so once. */
function fetchForms() {
    return import("./forms.js");
}
