/* What became of a write, read off the service's answer and nothing else. */

const DONE = [200, 201];
const OVER = ["done", "already", "field", "refused"];
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
    const kind = kindOf(answer?.status ?? 0, body, operation);
    return { kind, body, operation, error: body?.error ?? null };
}

/** Whether the same request, with the same key, is the way to learn more or to get it done. */
export function mayAskAgain({ kind }) {
    return !OVER.includes(kind);
}

/** Whether the service is finding out by itself, so that asking sends nothing. */
export function settlesItself({ kind, operation }) {
    return operation !== null && ["unknown", "running"].includes(kind);
}

function kindOf(status, body, operation) {
    if (DONE.includes(status)) {
        if (operation === null) return "lost";
        return operation.applied === false ? "already" : "done";
    }
    if (status === 202) return STATES[operation?.state] ?? "unknown";
    // Without a code it is not the service that answers, but somebody in between.
    if (!body?.code) return "lost";
    if (status === 409 && body.code === "still_running") return "running";
    if (status === 429 || status === 503) return "not_sent";
    if (status === 422 && body.field && operation === null) return "field";
    return status >= 400 && status < 500 ? "refused" : "lost";
}
