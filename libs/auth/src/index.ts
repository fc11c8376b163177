export { accountClaims, pushAccountClaims, type AccountSeeds } from './broker/account.js';
export { publicKeyOf } from './broker/key-pair.js';
export { createBrokerKeys, parseBrokerKeys, type BrokerKeys } from './broker/keys.js';
export {
  mintSystemUser,
  mintUser,
  readCreds,
  type BrokerPermissions,
  type MintedUser,
  type NewBrokerUser,
} from './broker/user.js';
export { digestToken, digestsEqual, newOpaqueToken } from './opaque-token.js';
export { PasswordHasher } from './password-hasher.js';
export { isAllowed, type MachineScope, type Principal } from './principal.js';
export { POLICY_METADATA, RequirePolicy } from './require-policy.js';
export { TokenVerifier } from './token-verifier.js';
export { remoteKeys, type TrustedIssuer } from './trusted-issuer.js';
