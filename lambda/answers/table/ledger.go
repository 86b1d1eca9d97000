package table

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"defog-cdk/internal/environ"
	"defog-cdk/lambda/awsenv"
	"defog-cdk/lambda/spending"
)

const (
	// spendingKey is the partition key of the days' costs. No id of a question is
	// equal: these are longer.
	spendingKey = "spending"

	costAttribute = "cost" // billionths of a USD

	// ledgerRetention is how long a day's cost is kept after its end.
	ledgerRetention = 24 * time.Hour

	// ledgerAttempts is the number of attempts of a throttled or failed request. Its
	// context ends sooner than that of a question's state.
	ledgerAttempts = 4
)

// Ledger implements spending.Ledger: one item a day in the table of long questions.
type Ledger struct {
	client *dynamodb.Client
	table  string
}

// NewLedger returns a ledger in a table.
func NewLedger(settings awsenv.Settings, table string) *Ledger {
	return &Ledger{newClient(settings, ledgerAttempts), table}
}

// Add implements spending.Ledger. A repeated request whose first attempt lost only its
// response counts twice: the limit is then reached sooner.
func (l *Ledger) Add(ctx context.Context, day string, cost spending.Cost) error {
	start, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return fmt.Errorf("add a cost: %w", err)
	}
	_, err = l.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                &l.table,
		Key:                      key(spendingKey, day),
		UpdateExpression:         aws.String("ADD #cost :cost SET #expires = :expires"),
		ExpressionAttributeNames: map[string]string{"#cost": costAttribute, "#expires": environ.AnswersExpiry},
		ExpressionAttributeValues: item{
			":cost": number(int64(cost)), ":expires": number(start.AddDate(0, 0, 1).Add(ledgerRetention).Unix()),
		},
	})
	return err
}

// Total implements spending.Ledger.
func (l *Ledger) Total(ctx context.Context, day string) (spending.Cost, error) {
	output, err := l.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &l.table, Key: key(spendingKey, day), ConsistentRead: aws.Bool(true)})
	if err != nil || len(output.Item) == 0 {
		return 0, err
	}
	value, ok := output.Item[costAttribute].(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("the item %s/%s has no number %s", spendingKey, day, costAttribute)
	}
	cost, err := strconv.ParseInt(value.Value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the item %s/%s: %s: %w", spendingKey, day, costAttribute, err)
	}
	return spending.Cost(cost), nil
}
