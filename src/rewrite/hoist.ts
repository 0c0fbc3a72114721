/** Where the prefix ends: nowhere, at what is frozen, at what all outputs share, or at the program's `cuts`. */
export type Hoist = 'none' | 'auto' | 'shared' | 'cuts';
