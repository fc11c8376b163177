import { MusterError } from '#libs/contracts';

/** Nobody of this id has reported yet, and no credentials were issued for it. */
export function robotNotFound(robotId: string): MusterError {
  return new MusterError('ROBOT_NOT_FOUND', `There is no robot ${robotId}; it appears when it first reports.`, {
    robotId,
  });
}
