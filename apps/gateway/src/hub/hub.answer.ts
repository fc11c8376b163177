import { Logger } from '@nestjs/common';
import { MusterError } from '#libs/contracts';
import type { HubAnswer } from './hub.messages.js';

const logger = new Logger('Hub');

interface Done {
  readonly eventId?: string | undefined;
  readonly [field: string]: unknown;
}

/** Runs what a message asks for and answers it; a failure of ours shows nothing of its text. */
export async function answer(work: () => Promise<Done> | Done): Promise<HubAnswer> {
  try {
    const { eventId, ...fields } = await work();
    return { ok: true, ...(eventId === undefined ? {} : { eventId }), ...fields };
  } catch (error) {
    const { code, message, details } = toMusterError(error);
    return { ok: false, error: { code, message, details } };
  }
}

function toMusterError(error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  logger.error({ event: 'hub_message_failed', error });
  return new MusterError('INTERNAL_ERROR', 'Something went wrong here; the log has it.');
}
