/* What the customer can spend: unused codes, and the rewards within reach. */

import { button, el, icon } from "./dom.js";
import { listed, nothing, section } from "./parts.js";
import { rewardPrice } from "./prices.js";

const FEW = 3;
const TOLD_MS = 1_600;

/** Make the buttons of a code: copy it, put it into the reply; a tick says that it is done. */
export function codeButtons(desk, code) {
    const { t } = desk.words;
    const make = (name, act) => {
        const label = t(`${name}_code`, { code });
        return button(null, (event) => done(event.currentTarget, name, act(code)), {
            kind: "small",
            mark: name,
            label,
            focus: `${name}-${code}`,
        });
    };
    return el(
        "span",
        { class: "tools" },
        make("copy", desk.copy),
        desk.canInsert && make("insert", desk.insert),
    );
}

/** Show the codes that can still be used. */
export function codesSection(desk, { codes, parts }) {
    const { t, points, date } = desk.words;
    const rows = codes.map((each) => {
        const { id, code, name, points_amount: cost, expires_at: until } = each;
        const more = [
            name,
            cost && points(cost),
            until && t("code_expires", { date: date(until) }),
        ];
        return el(
            "li",
            { class: "row" },
            el(
                "div",
                {},
                el("p", {}, el("code", {}, code ?? "–")),
                el("p", { class: "quiet" }, more.filter(Boolean).join(" · ")),
            ),
            el(
                "span",
                { class: "tools" },
                code && codeButtons(desk, code),
                desk.may("refund_points_redemption") &&
                    button(null, () => desk.open("refund", each), {
                        kind: "small",
                        mark: "refund",
                        label: t("refund_code", { code: code ?? name ?? "" }),
                        focus: `refund-${id}`,
                    }),
            ),
        );
    });
    const list = rows.length ? listed(desk, "codes", FEW, rows) : nothing(t("codes_none"));
    return section(desk, "codes", parts.codes, t("codes"), list);
}

/** Show the rewards that the balance pays for, and the nearest of those that it does not. */
export function rewardsSection(desk, { rewards, parts, balance }) {
    const { t, points } = desk.words;
    if (!balance && !parts.catalogue.error) return null;
    const rows = rewards
        .filter((each) => each.affordable)
        .map((each) =>
            el(
                "li",
                { class: "row" },
                el(
                    "div",
                    {},
                    el("p", {}, each.name ?? ""),
                    el("p", { class: "quiet" }, rewardPrice(desk, each)),
                ),
                desk.may("create_points_redemption") &&
                    button(t("redeem"), () => desk.open("redeem", each.reward_id), {
                        kind: "quiet-button",
                        label: t("redeem_reward", { reward: each.name ?? "" }),
                        focus: `redeem-${each.reward_id}`,
                    }),
            ),
        );
    const nearest = rewards
        .filter((each) => each.points_missing > 0)
        .sort((one, other) => one.points_missing - other.points_missing)[0];
    const next =
        nearest &&
        t("nearest", { reward: nearest.name ?? "", points: points(nearest.points_missing) });
    return section(
        desk,
        "rewards",
        parts.catalogue,
        t("rewards"),
        rows.length ? listed(desk, "rewards", FEW, rows) : nothing(t("rewards_none")),
        next && el("p", { class: "quiet after" }, next),
    );
}

async function done(node, name, act) {
    if (!(await act)) return;
    node.replaceChildren(icon("check"));
    setTimeout(() => node.replaceChildren(icon(name)), TOLD_MS);
}
