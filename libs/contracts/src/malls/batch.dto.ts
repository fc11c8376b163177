/** What an orchestrator may queue while it is offline and upload later (decision C33). */
export const BATCH_TYPES = [
  'task_assign',
  'task_status',
  'task_complete',
  'beacon_register',
  'beacon_heartbeat',
  'access_logs',
  'firmware_status',
  'event_ack',
] as const;
export type BatchType = (typeof BATCH_TYPES)[number];

/** Reports in one request (orchestrators.txt, appendix C). */
export const MAX_BATCH_ITEMS = 100;
