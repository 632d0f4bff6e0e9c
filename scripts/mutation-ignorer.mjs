// A plugin of Stryker: the words of an exception are not mutated. An exception is a bug of ours and its words are for
// us; no test should hold them. Whether it is thrown is mutated like everything else.
const bugs = {
  shouldIgnore(path) {
    const isText = path.isStringLiteral() || path.isTemplateLiteral();
    const isThrown = path.parentPath?.isNewExpression() && path.parentPath.parentPath?.isThrowStatement();
    return isText && isThrown ? "the words of an exception" : undefined;
  },
};

export const strykerPlugins = [{ kind: "Ignore", name: "bugs", value: bugs }];
