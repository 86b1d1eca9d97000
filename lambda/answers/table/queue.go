package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/awsenv"
)

// Queue implements answers.Queue.
type Queue struct {
	client *sqs.Client
	url    string
}

// NewQueue returns the queue at a URL.
func NewQueue(settings awsenv.Settings, url string) *Queue {
	return &Queue{sqs.New(sqs.Options{
		Region: settings.Region, Credentials: settings.Credentials(), BaseEndpoint: settings.BaseEndpoint(),
	}), url}
}

// Send implements answers.Queue.
func (q *Queue) Send(ctx context.Context, id string) error {
	message, err := ask.Message(id)
	if err != nil {
		return err
	}
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &message})
	return err
}
