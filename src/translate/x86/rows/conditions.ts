// The names of the 16 conditions in the order of their codes (SDM Vol. 1, Appendix B).
export const conditions = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'] as const;
