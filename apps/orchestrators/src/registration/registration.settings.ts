import { flag, settings } from '#libs/platform';

/** Whom a registration is believed from. */
export class RegistrationSettings extends settings({
  trustsFirstUse: flag('TRUST_ON_FIRST_USE', {
    default: false,
    hint: 'on to pin the first key that registers for an entity without a key or secret; for development alone',
  }),
}) {}
