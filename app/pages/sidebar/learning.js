/* What the service lets us do here, and the shop's own lists: each asked for once. */

/**
 * Learn by `ask(action, inputs)`, which answers what came back or null; `learned()` hears of it.
 *
 * `names` are the actions that may be used, `tiers` the shop's ladder (null: not known), `free` the
 * ids of rewards whose price is one's choice; these are asked for by `prices()`.
 */
export function makeLearning({ ask, learned }) {
    const known = {
        names: new Set(),
        limits: {},
        reasons: [],
        currency: null,
        tiers: null,
        free: new Set(),
        learn: once(learn),
        prices: once(prices),
    };

    /** Ask what may be done, then for the ladder, which is worth having by itself. */
    async function learn() {
        const { actions, limits, reasons, currency } = (await ask("", {}))?.body ?? {};
        if (!Array.isArray(actions)) return false;
        known.names = new Set(actions.map((each) => each.name));
        known.limits = limits ?? {};
        known.reasons = reasons ?? [];
        known.currency = currency ?? null;
        learned();
        if (!known.names.has("list_vip_tiers")) return true;
        known.tiers = (await ask("list_vip_tiers", {}))?.body?.vip_tiers ?? null;
        learned();
        return true;
    }

    /** Ask which rewards have no fixed price; only who redeems needs to know. */
    async function prices() {
        if (!known.names.has("list_rewards")) return true;
        const rows = (await ask("list_rewards", {}))?.body?.rewards;
        const free = (rows ?? []).filter((each) => each.points_type === "multiplier");
        known.free = new Set(free.map((each) => each.id));
        return Boolean(rows);
    }

    return known;
}

/** Let something be done once; where it answers false, it may be tried again. */
function once(act) {
    let under = null;
    return () => {
        under ??= act().then((done) => {
            if (!done) under = null;
        });
        return under;
    };
}
