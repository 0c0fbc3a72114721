import { ts } from 'ts-morph';
import type { Stage } from '../ir/program.ts';

/** A statement of a module that computes one value of the program, or several. */
export interface Site {
  readonly stage: Stage;
  /** The identifiers that it declares. */
  readonly identifiers: readonly string[];
  /** Its first line in the module, from 1, and its text. */
  readonly line: number;
  readonly text: string;
  /** Where the expression stands that computes it. */
  readonly start: number;
  readonly end: number;
}

/** The functions that hold a program's ops, each perhaps in parts. */
const BODY = /^(?:(forwardPrefix)|(forward|forwardSuffix)|prepare(?:Prefix|Suffix|Texts)?)(?:Part\d+)?$/;

/** What a module computes statement by statement, in the order of its text. It may have been edited by hand. */
export function sitesOf(code: string): readonly Site[] {
  const file = ts.createSourceFile('module.ts', code, ts.ScriptTarget.ES2022, true);
  const sites: Site[] = [];
  for (const statement of file.statements) {
    if (!ts.isFunctionDeclaration(statement)) continue;
    const body = BODY.exec(statement.name?.text ?? '');
    if (body === null || statement.body === undefined) continue;
    const stage = body[1] !== undefined ? 'prefix' : body[2] !== undefined ? 'suffix' : 'load';
    visit(statement.body, file, stage, sites);
  }
  return sites;
}

/** Declarations in a body and in the loops in it; what is called there is an expression of one of these. */
function visit(node: ts.Node, file: ts.SourceFile, stage: Stage, sites: Site[]): void {
  if (ts.isVariableStatement(node)) {
    for (const { name, initializer } of node.declarationList.declarations) {
      const identifiers = declared(name);
      // Parts of a long body hand on what they were given and made: these are no computations.
      if (initializer === undefined || identifiers.length === 0 || isPart(initializer)) continue;
      sites.push({
        stage,
        identifiers,
        line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
        text: node.getText(file),
        start: initializer.getStart(file),
        end: initializer.getEnd(),
      });
    }
  } else if (ts.isBlock(node) || ts.isForOfStatement(node) || ts.isForStatement(node) || ts.isIfStatement(node)) {
    node.forEachChild((child) => visit(child, file, stage, sites));
  }
}

const isPart = (expression: ts.Expression): boolean =>
  ts.isCallExpression(expression) && ts.isIdentifier(expression.expression) && BODY.test(expression.expression.text);

function declared(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? declared(element.name) : []));
}
