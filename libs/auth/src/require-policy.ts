import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Policy } from '#libs/contracts';

/** Metadata key that the gateway's guards read; a handler without it is refused. */
export const POLICY_METADATA = 'muster:policy';

/** Names the policy of a handler or of a whole controller. */
export function RequirePolicy(policy: Policy): CustomDecorator {
  return SetMetadata(POLICY_METADATA, policy);
}
