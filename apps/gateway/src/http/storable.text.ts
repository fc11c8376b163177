/** Postgres stores no NUL in a text. */
export const NO_NUL = /^[^\0]*$/;
