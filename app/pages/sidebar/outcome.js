/* What became of a write, read off the service's answer and nothing else. */

const DONE = [200, 201];
const STATES = { unknown: "unknown", awaiting_approval: "waiting", needs_review: "review" };

/**
 * Tell how a write ended; `answer` is null where none came back.
 *
 * kind: done · already (it was so before) · unknown, waiting, review (open, not to be repeated) ·
 * running, lost (asking again with the same key tells) · not_sent (may be tried again with the same
 * key) · field (an input is wrong) · refused. Only `field` and `refused` are surely the end of it,
 * so that another try is another intention with another key.
 */
export function outcomeOf(answer) {
    const body = answer?.body ?? null;
    const operation = body?.operation ?? null;
    const told = { body, operation, error: body?.error ?? null };
    return { ...told, kind: kindOf(answer?.status ?? 0, body, operation) };
}

/** Whether the same request, with the same key, is the way to learn more or to get it done. */
export function mayAskAgain({ kind }) {
    return !["done", "already", "field", "refused"].includes(kind);
}

function kindOf(status, body, operation) {
    if (DONE.includes(status)) {
        if (operation === null) return "lost";
        return operation.applied === false ? "already" : "done";
    }
    if (status === 202) return STATES[operation?.state] ?? "unknown";
    if (status === 409 && body?.code === "still_running") return "running";
    if (status === 429 || status === 503) return body?.code ? "not_sent" : "lost";
    if (status === 422 && body?.field && operation === null) return "field";
    if (status >= 400 && status < 500 && status !== 408) return "refused";
    return "lost";
}
