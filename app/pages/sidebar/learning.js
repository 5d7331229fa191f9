/* What the service lets us do here, and the shop's own lists: asked for once. */

/**
 * Learn by `ask(action, inputs)`, which answers what came back or null; `learned()` hears of it.
 *
 * `names` are the actions that may be used, `tiers` the shop's ladder (null: not known), `free` the
 * ids of rewards whose price is one's choice.
 */
export function makeLearning({ ask, learned }) {
    const known = {
        names: new Set(),
        limits: {},
        reasons: [],
        currency: null,
        tiers: null,
        free: new Set(),
        learn,
    };
    let started = false;

    /** Ask, unless that was done before; each answer is worth having without the others. */
    async function learn() {
        if (started) return;
        started = true;
        const { actions, limits, reasons, currency } = (await ask("", {}))?.body ?? {};
        if (!Array.isArray(actions)) {
            started = false;
            return;
        }
        known.names = new Set(actions.map((each) => each.name));
        known.limits = limits ?? {};
        known.reasons = reasons ?? [];
        known.currency = currency ?? null;
        learned();
        const [ladder, rewards] = await Promise.all(
            ["list_vip_tiers", "list_rewards"].map(
                (each) => known.names.has(each) && ask(each, {}),
            ),
        );
        known.tiers = ladder?.body?.vip_tiers ?? null;
        const rows = rewards?.body?.rewards ?? [];
        const free = rows.filter((each) => each.points_type === "multiplier");
        known.free = new Set(free.map((each) => each.id));
        learned();
    }

    return known;
}
