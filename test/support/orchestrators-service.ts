/** Parts of the orchestrators' service, for specs of apps that may not import it. */
export { RegistrationTraces } from '../../apps/orchestrators/src/registration/registration.traces.js';
