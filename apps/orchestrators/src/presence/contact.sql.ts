/** The last time that something went between an orchestrator and us; null before the first. */
export const LAST_CONTACT = `greatest("lastHeartbeatAt", "deliveredAt", "syncedAt")`;

/**
 * "staleSince" at a contact at $2: where the contact ends a silence of more than $3 seconds, its beginning, else what was
 * known. So the silence is not forgotten when a heartbeat comes before the event stream is opened.
 */
export const STALE_SINCE = `
  CASE WHEN ${LAST_CONTACT} < $2::timestamptz - make_interval(secs => $3) THEN ${LAST_CONTACT} ELSE "staleSince" END`;
