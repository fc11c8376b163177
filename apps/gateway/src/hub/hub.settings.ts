import { integer, settings } from '#libs/platform';

/** Limits of one socket. */
export class HubSettings extends settings({
  groupsPerSocket: integer('HUB_GROUPS_PER_SOCKET', {
    default: 200,
    min: 1,
    max: 100_000,
    hint: 'how many groups one socket may join',
  }),
  messagesPerSecond: integer('HUB_MESSAGES_PER_SECOND', {
    default: 50,
    min: 1,
    max: 100_000,
    hint: 'messages a second that one socket may send on average; twice as many at once',
  }),
  bufferBytes: integer('HUB_BUFFER_BYTES', {
    default: 4_194_304,
    min: 1_024,
    max: 1_073_741_824,
    hint: 'bytes that may wait for one socket before it counts as too slow',
  }),
}) {}
