/* The two drawings: how the balance came about, and the ladder of tiers. */

import { el, svg } from "./dom.js";

const WIDTH = 288;
const HEIGHT = 40;
const EDGE = 4;
const RUNGS = 5;

/** Draw the balance over the newest changes, worked back from what it is now; null if too few. */
export function balanceChart({ t, number }, view) {
    const changes = view.activity.filter((each) => each.points_diff);
    if (view.balance?.points == null || changes.length < 2) return null;
    const levels = [view.balance.points];
    for (const { points_diff: diff } of changes) levels.unshift(levels[0] - diff);
    const low = Math.min(0, ...levels);
    const span = Math.max(...levels) - low || 1;
    const x = (index) => round(EDGE + (index * (WIDTH - 2 * EDGE)) / (levels.length - 1));
    const y = (level) => round(HEIGHT - EDGE - ((level - low) * (HEIGHT - 2 * EDGE)) / span);
    const line = levels
        .map((level, index) => (index ? `H${x(index)}V${y(level)}` : `M${x(0)} ${y(level)}`))
        .join("");
    const label = t("chart", {
        count: changes.length,
        from: number(levels[0]),
        to: number(levels.at(-1)),
    });
    const drawn = svg(
        "svg",
        { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
        svg("path", { class: "area", d: `${line}V${y(0)}H${EDGE}z` }),
        svg("path", { class: "line", d: line }),
        svg("circle", { class: "end", cx: x(levels.length - 1), cy: y(levels.at(-1)), r: 3 }),
    );
    return [drawn, el("p", { class: "caption" }, t("chart_caption", { count: changes.length }))];
}

/** Draw the rungs around the customer's own; the way to the next only where it is known. */
export function ladder({ t, number, money, percent }, view, tiers) {
    const { tier } = view;
    const spell =
        {
            spend: (amount) =>
                money(String(amount), view.balance?.currency, {
                    trailingZeroDisplay: "stripIfInteger",
                }),
        }[tier.basis] ?? number;
    const known = tiers?.length ? tiers : ownRungs(tier);
    const here = known.findIndex((rung) => tier.name !== null && same(rung, tier));
    const first = Math.max(0, Math.min(here - 1, known.length - RUNGS));
    const share = shareOf(tier);
    const items = known.slice(first, first + RUNGS).map((rung, index) => {
        const at = first + index - here;
        const state = at < 0 ? "passed" : at === 0 ? "here" : "ahead";
        return el(
            "li",
            { class: state, "aria-current": at === 0 ? "true" : null },
            at === 0 && share !== null
                ? el("progress", {
                      max: 100,
                      value: Math.round(share * 100),
                      "aria-label": t("tier_progress", {
                          percent: percent(share),
                          tier: tier.next_name,
                      }),
                  })
                : null,
            el("span", { class: "dot", "aria-hidden": "true" }),
            el("span", { class: "rung" }, rung.name),
            rung.threshold === null ? null : el("span", { class: "quiet" }, spell(rung.threshold)),
        );
    });
    return el("ol", { class: "ladder" }, items);
}

/** Say what is missing to the next tier, where the shop says what drives it. */
export function missingWords({ t, money, points }, view) {
    const { missing, basis, next_name: tier } = view.tier;
    if (missing === null || tier === null) return null;
    const spelled = {
        points: () => points(missing),
        spend: () => t("spent", { amount: money(String(missing), view.balance?.currency) }),
        orders: () => t("n_orders", { count: missing }),
    }[basis];
    return spelled ? t("tier_missing", { missing: spelled(), tier }) : null;
}

function ownRungs(tier) {
    return [
        { id: tier.id, name: tier.name, threshold: tier.threshold },
        { id: null, name: tier.next_name, threshold: tier.next_threshold },
    ].filter((rung) => rung.name !== null);
}

function same(rung, tier) {
    return rung.id !== null && tier.id !== null ? rung.id === tier.id : rung.name === tier.name;
}

function shareOf({ missing, threshold, next_threshold: next }) {
    if (missing === null || threshold === null || !(next > threshold)) return null;
    return Math.min(1, Math.max(0, 1 - missing / (next - threshold)));
}

function round(value) {
    return Math.round(value * 10) / 10;
}
