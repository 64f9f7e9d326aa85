// Loads a peer that is an ES module: a name is found from where the importing file lies.
export const load = (name) => import(name);
