/* What is said beside the view: aloud, for a while, or for as long as it is so. */

import { button, el, icon } from "./dom.js";

const PAUSE_MS = 50;

/** Make {live, notices, say, notice, warn}: two elements, and three ways to speak through them. */
export function makeSpeaker({ t }) {
    const live = el("p", { class: "unseen", role: "status" });
    const notices = el("div", { class: "notices" });

    /** Say something to whoever listens; the same words twice are two announcements. */
    function say(text) {
        live.textContent = "";
        setTimeout(() => {
            live.textContent = text;
        }, PAUSE_MS);
    }

    /** Tell of something that stays until it is read. */
    function notice(text) {
        const dismiss = button(null, () => node.remove(), {
            kind: "small",
            mark: "close",
            label: t("dismiss"),
        });
        const node = el("p", { class: "note" }, el("span", {}, text), dismiss);
        notices.append(node);
        say(text);
    }

    /** Warn of something for as long as it is so; null: it is over. */
    function warn(text) {
        const there = notices.querySelector(".old");
        if (text === null) there?.remove();
        else if (there) there.lastChild.textContent = text;
        else notices.prepend(el("p", { class: "note old" }, icon("wait"), el("span", {}, text)));
    }

    return { live, notices, say, notice, warn };
}
