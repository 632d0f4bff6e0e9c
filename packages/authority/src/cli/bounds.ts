/**
 * Bounds that the flags need before the protocol is loaded: loading it would make `--version` slow. A test holds them
 * equal to the protocol's own.
 */
export const lifeHoursDefault = 168;
export const lifeHoursMax = 8_760;
export const secondsMax = 0xffff_ffff;
export const leaseHoursMax = 0xffff;
export const epochMax = 0xffff_ffff;
