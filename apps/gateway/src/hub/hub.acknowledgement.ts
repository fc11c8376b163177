import { HUB_NOTICES } from '#libs/contracts';
import type { HubAnswer } from './hub.messages.js';
import type { HubClient } from './hub.types.js';

const MAX_SHOWN_CHARACTERS = 80;

/**
 * Gives a message that was sent without an acknowledgement function one of ours: nobody waits for its success, but what
 * was refused must not be silent.
 */
export function answerByNotice(socket: HubClient): void {
  socket.use((event, next) => {
    if (typeof event.at(-1) !== 'function') event.push(noticeOf(socket, event[0]));
    next();
  });
}

/** Says by a notice that a message was refused. */
export function noticeOf(socket: HubClient, event: string): (answer: HubAnswer) => void {
  return (answer) => {
    if (answer.ok) return;
    socket.emit(HUB_NOTICES.refused, { on: event.slice(0, MAX_SHOWN_CHARACTERS), ...answer.error });
  };
}
