// Package operations lists the operations of AWS's SDK in Go code, for tests that
// compare them with requests and with permissions.
package operations

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// InCode returns the operations in the folders of a checkout, sorted, with the services'
// names in botocore: a literal of the type s3.GetObjectInput is s3:GetObject. It skips
// tests.
func InCode(checkout string, folders ...string) ([]string, error) {
	found := map[string]bool{}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(checkout, folder), func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			return addFile(name, found)
		})
		if err != nil {
			return nil, fmt.Errorf("list operations: %w", err)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%v: has no operation of AWS's SDK", folders)
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func addFile(name string, found map[string]bool) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	services, err := imports(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		literal, isLiteral := node.(*ast.CompositeLit)
		if !isLiteral {
			return true
		}
		selector, isSelector := literal.Type.(*ast.SelectorExpr)
		if !isSelector {
			return true
		}
		alias, isIdent := selector.X.(*ast.Ident)
		operation, isInput := strings.CutSuffix(selector.Sel.Name, "Input")
		if isIdent && isInput && services[alias.Name] != "" {
			found[services[alias.Name]+":"+operation] = true
		}
		return true
	})
	return nil
}

// imports returns the services that a file imports, by their names in the file.
func imports(file *ast.File) (map[string]string, error) {
	services := map[string]string{}
	for _, spec := range file.Imports {
		source, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		service, isService := strings.CutPrefix(source, "github.com/aws/aws-sdk-go-v2/service/")
		if !isService || strings.Contains(service, "/") {
			continue
		}
		alias := path.Base(service)
		if spec.Name != nil {
			alias = spec.Name.Name
		}
		services[alias] = botocore(service)
	}
	return services, nil
}

// botocore returns the name in botocore of a service in the SDK for Go.
func botocore(service string) string {
	switch service {
	case "bedrockruntime":
		return "bedrock-runtime"
	case "cloudwatchlogs":
		return "logs"
	}
	return service
}
