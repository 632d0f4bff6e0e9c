// Placeholder until the real file comes.
export {};
