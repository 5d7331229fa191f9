/* The newest view of one customer at a time: asked for, kept, and asked for again. */

const POLL_MS = 15_000;
const SOON_MS = 2_500;

/**
 * Watch a customer's view; `ask(id, etag)` answers what came back or null, `changed(watch)` hears of
 * every answer. What belongs to an earlier customer is dropped. Where it `ends`, a refusal is the end
 * of it: what was shown is shown no longer, and nobody asks again.
 *
 * `view` is the newest there is, or null; `failed` is {status, error} where the last try brought
 * none; `doubtful` says that a fresher view was asked for and could not be had.
 */
export function makeWatch({ ask, changed, ends = false }) {
    const watch = {
        id: undefined,
        view: null,
        failed: null,
        doubtful: false,
        about,
        refresh,
        amend,
        wake,
        stop,
    };
    let number = 0;
    let etag = null;
    let stale = 0;
    let failures = 0;
    let timer = null;
    let awake = true;

    /** Turn to somebody else, or to nobody (undefined). */
    function about(id) {
        clearTimeout(timer);
        number += 1;
        etag = null;
        stale = failures = 0;
        Object.assign(watch, { id, view: null, failed: null, doubtful: false });
    }

    /** Ask at once; answers false where somebody else has asked since. */
    async function refresh({ aloud = false } = {}) {
        if (watch.id === undefined) return false;
        clearTimeout(timer);
        number += 1;
        const mine = number;
        const answer = await ask(watch.id, etag);
        if (mine !== number) return false;
        take(answer, aloud);
        changed(watch);
        clearTimeout(timer);
        // A stale view is being made anew; it is there in a moment, or cannot be had.
        if (awake && !isOver()) timer = setTimeout(refresh, stale === 1 ? SOON_MS : POLL_MS);
        return true;
    }

    function take(answer, aloud) {
        const status = answer?.status ?? 0;
        if (status === 200 && answer.body) {
            watch.view = answer.body;
            etag = answer.etag;
        } else if (!(status === 304 && watch.view)) {
            watch.failed = { status, error: answer?.body?.error ?? null };
            failures += 1;
            watch.doubtful ||= aloud || failures > 1;
            if (isOver()) watch.view = etag = null;
            return;
        }
        watch.failed = null;
        failures = 0;
        stale = watch.view.stale ? stale + 1 : 0;
        watch.doubtful = stale > 1;
    }

    /** Take in the balance that a write answered with; the rest of the view is asked for anew. */
    function amend({ points_tally: points, credits_tally: credits }) {
        if (!watch.view?.balance) return;
        const balance = { ...watch.view.balance };
        if (points !== null) balance.points = points;
        if (credits !== null) balance.credits = credits;
        watch.view = { ...watch.view, balance };
        etag = null;
        changed(watch);
    }

    function isOver() {
        return ends && [401, 403].includes(watch.failed?.status);
    }

    /** Hear whether somebody looks: nobody asks for what nobody sees. */
    function wake(now) {
        awake = now;
        if (now) refresh();
        else clearTimeout(timer);
    }

    function stop() {
        about(undefined);
        awake = false;
    }

    return watch;
}
